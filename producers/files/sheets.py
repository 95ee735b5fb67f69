"""Rating sheets in CSV: one row for each item, the rows of one revision one after the other.

A row that cannot be read might belong to the sheet before it or to the one after it. Sending either without it could
send half a sheet, so both are rejected with it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator

from producers.files.report import Parsed, fault
from schemas.errors import Problem
from schemas.validation.rules import MAX_ITEMS

ITEM_COLUMNS = ("target", "office", "target_id", "score", "reason")
SHEET_COLUMNS = (
    "sheet_id",
    "revision",
    "declaration_no",
    "tax_code",
    "submitted_at",
    "phase",
    "comment",
    "contact",
    "contact_name",
    "contact_phone",
)
REMEMBERED = 100_000
"""Sheets that are remembered to notice rows of one sheet in two places of a file; bounds the memory."""
_LONGEST_ID = 64
"""Longer ids are refused by the rules anyway; kept here, a file of giant ones would fill the memory."""

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_UNREADABLE = fault("line", "stands next to a line that cannot be read and may belong to this sheet")
_SCATTERED = fault(
    "sheet_id", "has rows in several places of the file: the rows of one revision must follow each other"
)


class _Sheet:
    """The rows of one revision so far."""

    def __init__(self, row: Parsed, problems: list[Problem]) -> None:
        cells = row.fields or {}
        self.line = row.line
        self.identity = _identity(row)
        self.fields = {name: cells[name] for name in SHEET_COLUMNS if name in cells}
        self.items: list[dict[str, object]] = []
        self.problems = problems
        self.add(row)

    def add(self, row: Parsed) -> None:
        """Take one more row."""
        cells = row.fields or {}
        for name in SHEET_COLUMNS:
            if name in cells and cells[name] != self.fields.get(name):
                rule = f"must be the same in every row of the sheet, or empty after the first (line {row.line})"
                self._blame(fault(name, rule))
        if len(self.items) <= MAX_ITEMS:  # one too many is enough to be refused; more would only cost memory
            item = {name: cells[name] for name in ITEM_COLUMNS if name in cells}
            self.items.append({**item, "score": whole(item["score"])} if "score" in item else item)

    def _blame(self, problem: Problem) -> None:
        if len(self.problems) < MAX_ITEMS:
            self.problems.append(problem)

    def parsed(self) -> Parsed:
        """The sheet as one event."""
        if self.problems:
            return Parsed(self.line, None, self.problems)
        fields = {**self.fields, "items": self.items}
        if "revision" in fields:
            fields["revision"] = whole(fields["revision"])
        return Parsed(self.line, fields)


def grouped(rows: Iterator[Parsed]) -> Iterator[Parsed]:
    """Rows put together to sheets: one event for each revision, with its fields as in JSON."""
    open_sheet: _Sheet | None = None
    suspect = False
    seen: OrderedDict[tuple[object, object], None] = OrderedDict()
    for row in rows:
        if row.fields is None:
            if open_sheet is not None:
                open_sheet.problems.append(_UNREADABLE)
                yield open_sheet.parsed()
            open_sheet, suspect = None, True
            yield row
            continue
        if open_sheet is not None and _identity(row) == open_sheet.identity:
            open_sheet.add(row)
            continue
        if open_sheet is not None:
            yield open_sheet.parsed()
        problems = [_UNREADABLE] if suspect else [_SCATTERED] if _identity(row) in seen else []
        open_sheet, suspect = _Sheet(row, problems), False
        _remember(seen, open_sheet.identity)
    if open_sheet is not None:
        yield open_sheet.parsed()


def _remember(seen: OrderedDict[tuple[object, object], None], identity: tuple[object, object]) -> None:
    if any(len(str(part)) > _LONGEST_ID for part in identity):
        return
    seen[identity] = None
    if len(seen) > REMEMBERED:
        seen.popitem(last=False)


def _identity(row: Parsed) -> tuple[object, object]:
    cells = row.fields or {}
    return cells.get("sheet_id"), cells.get("revision")


def whole(value: object) -> object:
    """A whole number for a text of digits; anything else unchanged, for the rules to refuse."""
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value
