"""CSV: rows with a header line.

A stray quote must cost only its own line. So a quoted value may span a limited number of lines. If its closing quote is
not among them, only the line with the opening quote is rejected, and reading continues with the next line.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from producers.files.lines import MAX_LINE_BYTES, Line, lines_of
from producers.files.names import ALL_NAMES, normal
from producers.files.report import FileUnusable, ParsedLine, fault, unreadable

MAX_LINES_OF_ROW = 100
"""Enough for a comment of a hundred lines, but not for the rest of a file after a stray quote."""

MAX_COLUMNS = 1000
"""Ours are a few dozen; a header of a megabyte of separators must not be compared name by name."""

_DELIMITERS = (",", ";", "\t")
_NAMES_OF_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file after its header line."""

    columns: Sequence[str]
    _delimiter: str
    _header: str
    _lines: Iterator[Line]

    def rows(self, kept: Sequence[str | None]) -> Iterator[ParsedLine]:
        """The rows: cell by column, without empty cells.

        A line that repeats the header is passed over: it comes from files that were joined.

        Args:
            kept: The columns, with None for those to pass over.
        """
        ahead = _Lookahead(self._lines)
        while (line := ahead.next()) is not None:
            if line.text is None:
                yield ParsedLine(line.number, None, line.problems)
                continue
            if not line.text.strip() or line.text == self._header:
                continue
            taken, text = _until_closed(line.text, ahead)
            row = self._row(line.number, text, kept)
            if row.fields is None:
                ahead.put_back(taken)  # the lines after a stray quote are read again, one by one
            yield row

    def _row(self, number: int, text: str | None, kept: Sequence[str | None]) -> ParsedLine:
        if text is None:
            rule = f"has a quote that is not closed within {MAX_LINES_OF_ROW} lines"
            return unreadable(number, f"{rule}: remove it, or double it in a quoted value")
        cells = _cells(text, self._delimiter)
        if isinstance(cells, str):
            return unreadable(number, cells)
        if len(cells) != len(kept):
            return unreadable(number, self._wrong_count(text, len(cells)))
        return ParsedLine(number, {name: cell for name, cell in zip(kept, cells, strict=True) if cell and name})

    def _wrong_count(self, text: str, count: int) -> str:
        wanted = len(self.columns)
        rule = f"must have {wanted} values as the header has columns; it has {count}"
        if count > wanted:
            mark = _NAMES_OF_DELIMITERS[self._delimiter]
            return f"{rule}: put a value that contains {mark} into double quotes"
        for other in _DELIMITERS:
            if other != self._delimiter and count == 1 and len(_names(text, other)) == wanted:
                marks = _NAMES_OF_DELIMITERS
                return f"{rule}: its values are separated by {marks[other]}, the header's by {marks[self._delimiter]}"
        return f"{rule}: is the line cut, or a quote missing?"


def open_csv(content: io.BufferedReader) -> CsvFile:
    """Read the header line; the separator is the one that makes most of our names of it.

    Raises:
        FileUnusable: The header cannot be read.
    """
    lines = lines_of(content)
    header = next(lines, None)
    if header is None or header.text is None:
        raise FileUnusable(1, [fault("file", "must begin with a header line that names the columns, in UTF-8")])
    text = header.text
    if "\r" in text:
        raise FileUnusable(1, [fault("file", "ends its lines with CR alone: save it with LF, or CR and LF")])
    splits = {mark: _names(text, mark) for mark in (*_DELIMITERS, "|")}
    delimiter = max(splits, key=lambda mark: len({normal(name) for name in splits[mark]} & ALL_NAMES))
    columns = splits[delimiter]
    if delimiter == "|":
        raise FileUnusable(1, [fault("file", "separates columns by a vertical bar: use a comma, a semicolon or a tab")])
    if not columns:
        rule = "has a stray double quote in its header line: names of columns need no quotes"
        raise FileUnusable(1, [fault("file", rule)])
    if len(columns) > MAX_COLUMNS:
        raise FileUnusable(1, [fault("file", f"has more than {MAX_COLUMNS:,} columns")])
    return CsvFile(columns, delimiter, text, lines)


def _names(header: str, delimiter: str) -> Sequence[str]:
    cells = _cells(header, delimiter)
    return () if isinstance(cells, str) else [name.strip() for name in cells]


class _Lookahead:
    """Lines that can be put back."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._waiting: deque[Line] = deque()

    def next(self) -> Line | None:
        """The next line; None at the end."""
        return self._waiting.popleft() if self._waiting else next(self._lines, None)

    def put_back(self, lines: Sequence[Line]) -> None:
        """Make these the next lines, in this order."""
        self._waiting.extendleft(reversed(lines))


def _until_closed(text: str, ahead: _Lookahead) -> tuple[list[Line], str | None]:
    """Read more lines until every quote is closed; returns these lines, and the whole text or None."""
    taken: list[Line] = []
    quotes, size = text.count('"'), len(text)
    while quotes % 2:
        more = ahead.next() if len(taken) < MAX_LINES_OF_ROW - 1 else None
        if more is None:
            return taken, None
        taken.append(more)
        if more.text is None or size + len(more.text) > MAX_LINE_BYTES:
            return taken, None
        quotes, size = quotes + more.text.count('"'), size + len(more.text)
    return taken, "\n".join([text, *(line.text or "" for line in taken)])


def _cells(text: str, delimiter: str) -> list[str] | str:
    """The values of a row; a text is the rule that it breaks."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "larger than" in str(error):
            return f"has a value of more than {csv.field_size_limit():,} characters"
        return "has a stray double quote: put the value into quotes and double those in it, or remove the quote"
    return rows[0] if len(rows) == 1 else "has a line break outside of quotes"
