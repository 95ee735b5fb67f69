"""Rating sheets in CSV: one row per item; the rows of one revision follow each other.

A row that cannot be read may belong to the sheet before it or after it. To never send half a sheet, both are rejected
with it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator

from producers.files.report import ParsedLine, fault
from schemas.catalogue import latest, parsed
from schemas.errors import Problem
from schemas.topics import Topic
from schemas.validation.rules import MAX_ITEMS

_TYPES = {field["name"]: field["type"] for field in parsed(latest(Topic.RATING.subject).schema_id)["fields"]}
ITEM_COLUMNS = tuple(field["name"] for field in _TYPES.pop("items")["items"]["fields"])
SHEET_COLUMNS = (*_TYPES, "contact_name", "contact_phone")
"""The fields of the newest schema, and a contact that is not sealed yet."""
REMEMBERED = 100_000
"""Number of sheets remembered, to notice rows of one sheet in two places of a file; bounds the memory."""
_LONGEST_ID = 64
"""Longer ids are not remembered, because a file of giant ids would fill the memory; the rules refuse them anyway."""

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_UNREADABLE = fault("line", "is next to a line that cannot be read and may belong to this sheet")
_SCATTERED = fault(
    "sheet_id", "has rows in several places of the file: the rows of one revision must follow each other"
)


class _SheetRows:
    """The rows of one revision so far."""

    def __init__(self, row: ParsedLine, problems: list[Problem]) -> None:
        cells = row.fields or {}
        self.line = row.line
        self.identity = _identity(row)
        self.fields = {name: cells[name] for name in SHEET_COLUMNS if name in cells}
        self.items: list[dict[str, object]] = []
        self.problems = problems
        self.add_row(row)

    def add_row(self, row: ParsedLine) -> None:
        """Add one row."""
        cells = row.fields or {}
        for name in SHEET_COLUMNS:
            if name in cells and cells[name] != self.fields.get(name):
                rule = f"must be the same in every row of the sheet, or empty after the first (line {row.line})"
                self._add_problem(fault(name, rule))
        if (
            len(self.items) <= MAX_ITEMS
        ):  # one too many is enough for the rules to refuse it; more would only cost memory
            item = {name: cells[name] for name in ITEM_COLUMNS if name in cells}
            self.items.append({**item, "score": int_of_digits(item["score"])} if "score" in item else item)

    def _add_problem(self, problem: Problem) -> None:
        if len(self.problems) < MAX_ITEMS:
            self.problems.append(problem)

    def to_event(self) -> ParsedLine:
        """The sheet as one event."""
        if self.problems:
            return ParsedLine(self.line, None, self.problems)
        fields = {**self.fields, "items": self.items}
        if "revision" in fields:
            fields["revision"] = int_of_digits(fields["revision"])
        return ParsedLine(self.line, fields)


def group_by_sheet(rows: Iterator[ParsedLine]) -> Iterator[ParsedLine]:
    """Group rows into sheets: one event per revision, with fields as in JSON Lines."""
    open_sheet: _SheetRows | None = None
    suspect = False
    seen: OrderedDict[tuple[object, object], None] = OrderedDict()
    for row in rows:
        if row.fields is None:
            if open_sheet is not None:
                open_sheet.problems.append(_UNREADABLE)
                yield open_sheet.to_event()
            open_sheet, suspect = None, True
            yield row
            continue
        if open_sheet is not None and _identity(row) == open_sheet.identity:
            open_sheet.add_row(row)
            continue
        if open_sheet is not None:
            yield open_sheet.to_event()
        problems = [_UNREADABLE] if suspect else [_SCATTERED] if _identity(row) in seen else []
        open_sheet, suspect = _SheetRows(row, problems), False
        _remember(seen, open_sheet.identity)
    if open_sheet is not None:
        yield open_sheet.to_event()


def _remember(seen: OrderedDict[tuple[object, object], None], identity: tuple[object, object]) -> None:
    if any(len(str(part)) > _LONGEST_ID for part in identity):
        return
    seen[identity] = None
    if len(seen) > REMEMBERED:
        seen.popitem(last=False)


def _identity(row: ParsedLine) -> tuple[object, object]:
    cells = row.fields or {}
    return cells.get("sheet_id"), cells.get("revision")


def int_of_digits(value: object) -> object:
    """An int for a text of digits; any other value unchanged, so that the rules refuse it."""
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value
