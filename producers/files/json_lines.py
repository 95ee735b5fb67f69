"""JSON Lines: one event per line."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from producers.files.lines import lines_of
from producers.files.report import FileUnusable, ParsedLine, fault, unreadable

_LIST = re.compile(rb"\s*\[\s*\{")
_SPREAD = re.compile(rb"\s*\{[ \t\r]*\n\s*\"")


class _RefusedJson(ValueError):
    """Well-formed JSON that is refused."""


def read_json_lines(content: io.BufferedReader, start: bytes) -> Iterator[ParsedLine]:
    """Events of a JSON Lines file; empty lines are skipped.

    Args:
        content: The file.
        start: Its first bytes.

    Raises:
        FileUnusable: It is one list, or its objects have several lines each; or it is damaged.
    """
    start = start.removeprefix(b"\xef\xbb\xbf")
    if _LIST.match(start):
        rule = (
            "is one JSON list; write one object a line: `jq -c '.[]'`, in pandas to_json(orient='records', lines=True)"
        )
        raise FileUnusable(1, [fault("file", rule)])
    if _SPREAD.match(start):
        raise FileUnusable(1, [fault("file", "spreads an object over several lines; write one a line: `jq -c .`")])
    return _events(content)


def _events(content: io.BufferedReader) -> Iterator[ParsedLine]:
    for line in lines_of(content):
        if line.text is None:
            yield ParsedLine(line.number, None, line.problems)
        elif line.text.strip():
            yield _parsed(line.number, line.text)


def _parsed(number: int, text: str) -> ParsedLine:
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        return unreadable(number, f"must be one JSON object; it is not JSON at column {error.colno}")
    except RecursionError:
        return unreadable(number, "must be one JSON object; it is nested too deeply")
    except ValueError as error:
        return unreadable(number, str(error) if isinstance(error, _RefusedJson) else "has a number that is too long")
    if isinstance(value, list):
        return unreadable(number, "must be one JSON object (write one object a line, not one list)")
    return ParsedLine(number, value) if isinstance(value, dict) else unreadable(number, "must be one JSON object")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _RefusedJson("must not have one name twice")
    return made


def _constant(_name: str) -> NoReturn:
    raise _RefusedJson("must not hold NaN or Infinity")
