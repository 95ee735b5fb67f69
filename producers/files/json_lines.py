"""JSON Lines: one event per line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, NoReturn

from producers.files.lines import NOT_UTF8, TOO_LONG, lines_of
from producers.files.report import ParsedLine, fault
from schemas.errors import Problem


class _RefusedJson(ValueError):
    """Well-formed JSON that is refused."""


def read_json_lines(content: io.BufferedReader) -> Iterator[ParsedLine]:
    """Events of a JSON Lines file; empty lines are skipped."""
    for line in lines_of(content):
        if line.text is None:
            yield ParsedLine(line.number, None, [TOO_LONG if line.too_long else NOT_UTF8])
        elif line.text.strip():
            yield _parsed(line.number, line.text)


def _parsed(number: int, text: str) -> ParsedLine:
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        return ParsedLine(
            number, None, [fault("line", f"must be one JSON object; it is not JSON at column {error.colno}")]
        )
    except RecursionError:
        return ParsedLine(number, None, [fault("line", "must be one JSON object; it is nested too deeply")])
    except ValueError as error:
        rule = str(error) if isinstance(error, _RefusedJson) else "has a number that is too long"
        return ParsedLine(number, None, [fault("line", rule)])
    if not isinstance(value, dict):
        return ParsedLine(number, None, [_not_an_object(value)])
    return ParsedLine(number, value)


def _not_an_object(value: object) -> Problem:
    many = " (write one object a line, not one list)" if isinstance(value, list) else ""
    return fault("line", f"must be one JSON object{many}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _RefusedJson("must not have one name twice")
    return made


def _constant(_name: str) -> NoReturn:
    raise _RefusedJson("must not hold NaN or Infinity")
