"""What probably happened to a value that breaks a rule, and what to do: said behind the rule, without the value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from producers.files.names import normal
from schemas.errors import Problem
from schemas.validation.rules import EARLIEST_MS, LATEST_MS
from schemas.validation.shape import UNKNOWN_RULE

_SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*[eE][+-]?[0-9]+")
_DECIMAL = re.compile(r"-?[0-9]+[.,]0*")
_SHORT_TAX_CODE = re.compile(r"[0-9]{8,9}(-[0-9]{3})?")
_ELEVEN_DIGITS = re.compile(r"[0-9]{11}")
_DIGITS = re.compile(r"[0-9]+")
_ITEM = re.compile(r"items\[([0-9]+)\]\.([a-z_]+)")

_NUMBER = "a spreadsheet or pandas made a decimal number of it: keep this column as text, or as whole numbers"
_NUMBERS_AS_TEXT = ("declaration_no", "tax_code", "event_id", "sheet_id", "office", "team")
_OF_TEXTS: Sequence[tuple[Callable[[str, str], object], str]] = (
    (lambda _field, value: value != value.strip(), "it begins or ends with a blank"),
    (lambda _field, value: _SCIENTIFIC.fullmatch(value) or _DECIMAL.fullmatch(value), _NUMBER),
    (
        lambda field, value: field == "tax_code" and _SHORT_TAX_CODE.fullmatch(value),
        "a leading zero is missing, because a spreadsheet made a number of it: keep this column as text",
    ),
    (
        lambda field, value: field == "declaration_no" and _ELEVEN_DIGITS.fullmatch(value),
        "the 12th digit is missing, which counts amendments: 0 if there was none",
    ),
    (
        lambda field, value: field in ("office", "team", "status", "step") and value != value.upper(),
        "it has lower-case letters",
    ),
)
_TIMES = ("occurred_at", "submitted_at", "acted_at")
_SPREADSHEET_TIME = re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}.*")
_LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]*)?")


def with_likely_cause(problem: Problem, fields: Mapping[str, object], known: Sequence[str]) -> Problem:
    """The problem, with the likely cause behind its rule, if there is one.

    Args:
        problem: What is wrong with an event.
        fields: The event, as it is in the file.
        known: Names of the fields that it may have.
    """
    name, value = _value_of(problem.field, fields)
    cause = _cause(name, value) or _of_name(problem, known)
    return problem if cause is None else replace(problem, rule=f"{problem.rule}; {cause}")


def _value_of(path: str, fields: Mapping[str, object]) -> tuple[str, object]:
    """Name and value of a field, also of one in an item: `items[2].score`."""
    place = _ITEM.fullmatch(path)
    items = fields.get("items")
    if place is None or not isinstance(items, list):
        return path, fields.get(path)
    item = items[int(place[1])]
    return place[2], item.get(place[2]) if isinstance(item, Mapping) else None


def _cause(field: str, value: object) -> str | None:
    if field in _TIMES:
        return _of_time(value)
    if isinstance(value, str):
        return next((cause for applies, cause in _OF_TEXTS if applies(field, value)), None)
    if isinstance(value, int | float) and not isinstance(value, bool) and field in _NUMBERS_AS_TEXT:
        return "it is a number: write it as text, in quotes"
    return None


def _of_name(problem: Problem, known: Sequence[str]) -> str | None:
    if problem.rule != UNKNOWN_RULE:
        return None
    near = difflib.get_close_matches(normal(problem.field), known, 1)
    return f"did you mean {near[0]}?" if near else "leave it out, or pass over it with --ignore-unknown"


def _of_time(value: object) -> str | None:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value[:20])
    if isinstance(value, int):
        units = {"seconds": value * 1000, "microseconds": value // 1000, "nanoseconds": value // 1_000_000}
        likely = [unit for unit, as_milliseconds in units.items() if EARLIEST_MS <= as_milliseconds < LATEST_MS]
        return f"it seems to be in {likely[0]}: give milliseconds" if likely else None
    if isinstance(value, str) and _SPREADSHEET_TIME.fullmatch(value):
        return "it has the form of a spreadsheet"
    if isinstance(value, str) and _LOCAL_TIME.fullmatch(value):
        return "it is a local time: in Vietnam write +07:00 behind it"
    return None
