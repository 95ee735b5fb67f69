"""JSON Lines: one event per line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, NoReturn

from producers.files.lines import lines_of
from producers.files.report import ParsedLine, unreadable


class _RefusedJson(ValueError):
    """Well-formed JSON that is refused."""


def read_json_lines(content: io.BufferedReader) -> Iterator[ParsedLine]:
    """Events of a JSON Lines file; empty lines are skipped."""
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
