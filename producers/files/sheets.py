"""Rating sheets in CSV: one row per item. The rows of one revision of a sheet need not follow each other.

A row that cannot be read may belong to the sheet of any row around it. To never send half a sheet, all that it may
belong to are rejected with it: the sheets before and after it, and if rows of sheets are mixed, all sheets near it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping

from producers.files.report import ParsedLine, fault
from schemas.catalogue import latest, parsed
from schemas.errors import Problem
from schemas.keys import KEY_DIGITS
from schemas.topics import Topic
from schemas.validation.rules import MAX_ITEMS

_TYPES = {field["name"]: field["type"] for field in parsed(latest(Topic.RATING.subject).schema_id)["fields"]}
ITEM_COLUMNS = tuple(field["name"] for field in _TYPES.pop("items")["items"]["fields"])
SHEET_COLUMNS = (*_TYPES, "contact_name", "contact_phone")
"""The fields of the newest schema, and a contact that is not sealed yet."""

MAX_ROWS_APART = 10_000
"""A sheet is sent when so many rows have come since its last one: a file sorted by time mixes sheets of one moment."""
MAX_OPEN_CHARACTERS = 1 << 23
"""Of the rows that wait for others of their sheets; bounds the memory whatever the rows hold."""
REMEMBERED = 100_000
"""Number of sheets remembered after they were sent, to notice a row that comes too late; bounds the memory."""
_LONGEST_ID = 64
"""Longer ids are not remembered, because a file of giant ids would fill the memory; the rules refuse them anyway."""

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_UNREADABLE = fault("line", "is near a line that cannot be read and may belong to this sheet")
_LATE = fault(
    "sheet_id",
    f"has rows more than {MAX_ROWS_APART:,} rows above, which were already sent: sort the file by declaration_no, "
    "sheet_id and revision, and give this sheet its next revision",
)
_AMBIGUOUS = fault(
    "declaration_no", "must be in every row, because rows of several declarations with this sheet_id are mixed"
)

Identity = tuple[object, object, object]
"""Declaration (the digits that an amendment does not change), sheet and revision: what the contract calls one sheet."""


class _SheetRows:
    """The rows of one revision so far."""

    def __init__(self, row: ParsedLine, identity: Identity, number: int) -> None:
        cells = row.fields or {}
        self.line = row.line
        self.identity = identity
        self.oldest = number  # number of its first row
        self.newest = number  # number of its last row
        self.size = 0  # characters
        self.fields = {name: cells[name] for name in SHEET_COLUMNS if name in cells}
        self.items: list[dict[str, object]] = []
        self.problems: list[Problem] = []

    def add_row(self, row: ParsedLine, number: int) -> int:
        """Add one row; returns its size in characters."""
        cells = row.fields or {}
        self.newest = number
        for name in SHEET_COLUMNS:
            if name in cells and cells[name] != self.fields.get(name):
                rule = f"must be the same in every row of the sheet, or empty after the first (line {row.line})"
                self.add_problem(fault(name, rule))
        if len(self.items) > MAX_ITEMS:
            return 0  # one too many is enough for the rules to refuse it; more would only cost memory
        item = {name: cells[name] for name in ITEM_COLUMNS if name in cells}
        self.items.append({**item, "score": int_of_digits(item["score"])} if "score" in item else item)
        size = sum(len(str(cell)) for cell in (cells if len(self.items) == 1 else item).values())
        self.size += size
        return size

    def add_problem(self, problem: Problem) -> None:
        """Reject it; each problem is said once."""
        if len(self.problems) < MAX_ITEMS and problem not in self.problems:
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
    grouping = _Grouping()
    for row in rows:
        if row.fields is None:
            grouping.note_unreadable()
            yield row
            continue
        grouping.add(row, row.fields)
        while (sheet := grouping.next_complete()) is not None:
            yield sheet.to_event()
    while (sheet := grouping.next_of_rest()) is not None:
        yield sheet.to_event()


class _Grouping:
    """The sheets whose rows may still come, the one that waits longest first."""

    def __init__(self) -> None:
        self._open: OrderedDict[Identity, _SheetRows] = OrderedDict()
        self._by_id: dict[tuple[object, object], dict[Identity, _SheetRows]] = {}  # by sheet and revision alone
        self._ambiguous: set[tuple[object, object]] = set()  # ids with a row that may belong to several declarations
        self._sent: OrderedDict[Identity, None] = OrderedDict()
        self._last: _SheetRows | None = None  # the sheet of the row before
        self._rows = 0
        self._characters = 0
        self._unreadable: int | None = None  # number of the last row that could not be read
        self._after_unreadable = False  # whether the row before could not be read
        self._mixed = False  # whether a sheet's rows were ever seen apart from each other

    def note_unreadable(self) -> None:
        """A row came that cannot be read."""
        self._unreadable = self._rows
        self._after_unreadable = True
        if self._last is not None:
            self._last.add_problem(_UNREADABLE)

    def add(self, row: ParsedLine, cells: Mapping[str, object]) -> None:
        """Add a row to its sheet."""
        self._rows += 1
        sheet = self._sheet_of(cells)
        if sheet is None:
            sheet = self._opened(row, cells)
        elif sheet is not self._last:
            self._mixed = True
        if self._after_unreadable:
            sheet.add_problem(_UNREADABLE)
            self._after_unreadable = False
        self._characters += sheet.add_row(row, self._rows)
        self._open.move_to_end(sheet.identity)
        self._last = sheet

    def next_complete(self) -> _SheetRows | None:
        """The sheet that waits longest, if its rows are complete; it is not open any more."""
        if not self._open:
            return None
        oldest = next(iter(self._open.values()))
        waited = self._rows - oldest.newest
        return self._closed() if waited > MAX_ROWS_APART or self._characters > MAX_OPEN_CHARACTERS else None

    def next_of_rest(self) -> _SheetRows | None:
        """At the end of the file: the sheet that waits longest; None when all are sent."""
        return self._closed() if self._open else None

    def _sheet_of(self, cells: Mapping[str, object]) -> _SheetRows | None:
        identity = _identity(cells)
        if identity[0] is not None:
            return self._open.get(identity) or self._open.get((None, identity[1], identity[2]))
        # Without its declaration a row continues the row before, or the only sheet that it can mean.
        if self._last is not None and self._last.identity[1:] == identity[1:]:
            return self._last
        same_id = self._by_id.get(identity[1:], {})
        if len(same_id) > 1:
            self._ambiguous.add(identity[1:])
        return next(iter(same_id.values()), None)

    def _opened(self, row: ParsedLine, cells: Mapping[str, object]) -> _SheetRows:
        identity = _identity(cells)
        sheet = self._open[identity] = _SheetRows(row, identity, self._rows)
        self._by_id.setdefault(identity[1:], {})[identity] = sheet
        if identity in self._sent:
            sheet.add_problem(_LATE)
        return sheet

    def _closed(self) -> _SheetRows:
        identity, sheet = self._open.popitem(last=False)
        same_id = self._by_id[identity[1:]]
        del same_id[identity]
        if identity[1:] in self._ambiguous:
            sheet.add_problem(_AMBIGUOUS)
        if not same_id:
            del self._by_id[identity[1:]]
            self._ambiguous.discard(identity[1:])
        if sheet is self._last:
            self._last = None
        self._characters -= sheet.size
        if self._mixed and self._unreadable is not None and self._unreadable > sheet.oldest - MAX_ROWS_APART:
            sheet.add_problem(_UNREADABLE)
        self._remember(identity)
        return sheet

    def _remember(self, identity: Identity) -> None:
        if any(len(str(part)) > _LONGEST_ID for part in identity):
            return
        self._sent[identity] = None
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)


def _identity(cells: Mapping[str, object]) -> Identity:
    declaration = cells.get("declaration_no")
    key = declaration[:KEY_DIGITS] if isinstance(declaration, str) else None
    return key, cells.get("sheet_id"), int_of_digits(cells.get("revision"))


def int_of_digits(value: object) -> object:
    """An int for a text of digits; any other value unchanged, so that the rules refuse it."""
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value
