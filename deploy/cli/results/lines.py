"""Rows as CSV, and as JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from deploy.cli.results.texts import json_text, text
from deploy.errors import Mistake

_TO_QUOTE = re.compile(r'["\r\n,]|\A\s|\s\Z|\A\Z')


def csv_lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A line with the names, then one for each row, as in RFC 4180 but with a line feed at the end.

    A missing value is an empty field and an empty text is `""`: Python's `csv` cannot tell them apart before 3.12.
    """
    yield ",".join(map(_field, names)) + "\n"
    for row in rows:
        yield ",".join(map(_field, row)) + "\n"


def _field(value: Any) -> str:
    if value is None:
        return ""
    if type(value) is int or type(value) is float:  # most values, and none of them is quoted
        return repr(value)
    written = text(value)
    return '"' + written.replace('"', '""') + '"' if _TO_QUOTE.search(written) else written


def json_lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """One object for each row, on a line of its own.

    Raises:
        Mistake: Two columns have the same name, of which an object could hold only one.
    """
    if doubled := [name for name, count in Counter(names).items() if count > 1]:
        raise Mistake(
            f"Several columns are named {doubled[0]}, and a JSON object holds only one of them: give each a name of "
            "its own with AS, or use --format csv."
        )
    keys = [f"{json_text(name)}: " for name in names]
    for row in rows:
        yield "{" + ", ".join(key + json_text(value) for key, value in zip(keys, row, strict=True)) + "}\n"
