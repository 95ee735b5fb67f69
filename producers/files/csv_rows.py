"""CSV: rows with a header line.

A stray quote must cost only its own line. So a quoted value may span a limited number of lines. If its closing quote is
not among them, only the line with the opening quote is rejected, and reading continues with the next line.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections import deque
from collections.abc import Collection, Iterator, Sequence

from producers.files.lines import MAX_LINE_BYTES, Line, lines_of
from producers.files.report import FileUnusable, ParsedLine, fault, unreadable
from schemas.errors import Problem

MAX_LINES_OF_ROW = 100
"""Enough for a comment of a hundred lines, but not for the rest of a file after a stray quote."""

_DELIMITERS = (",", ";", "\t")


def read_csv(content: io.BufferedReader, known: Collection[str]) -> tuple[Sequence[str], Iterator[ParsedLine]]:
    """Names of the columns, each among `known`, and the rows: cell by column, without empty cells; read lazily.

    Raises:
        FileUnusable: The header cannot be used.
    """
    lines = lines_of(content)
    header = next(lines, None)
    if header is None or header.text is None or not header.text.strip():
        raise FileUnusable(1, [fault("file", "must begin with a header line that names the columns, in UTF-8")])
    text = header.text
    delimiter = max(_DELIMITERS, key=lambda mark: len(set(_cells(text, mark) or ()) & set(known)))
    columns = [name.strip() for name in _cells(text, delimiter) or ()]
    problems = _header_problems(columns, known)
    if problems:
        raise FileUnusable(1, problems)
    return columns, _rows(lines, columns, delimiter)


def _header_problems(columns: Sequence[str], known: Collection[str]) -> list[Problem]:
    """Names unknown columns by their number: in a file without header the first line holds personal data."""
    found = []
    for number, name in enumerate(columns, 1):
        if name not in known:
            near = difflib.get_close_matches(name.lower(), known, 1)
            hint = f"did you mean {near[0]}?" if near else f"columns are: {', '.join(known)}"
            found.append(fault(f"column {number}", f"is not a known column; {hint}"))
        elif columns.index(name) < number - 1:
            found.append(fault(name, f"is a column twice (column {number}): name each column once"))
    return found


def _rows(lines: Iterator[Line], columns: Sequence[str], delimiter: str) -> Iterator[ParsedLine]:
    ahead = _Lookahead(lines)
    while (line := ahead.next()) is not None:
        if line.text is None:
            yield ParsedLine(line.number, None, line.problems)
            continue
        if not line.text.strip():
            continue
        taken, text = _until_closed(line.text, ahead)
        row = _row(line.number, text, columns, delimiter)
        if row.fields is None:
            ahead.put_back(taken)  # the lines after a stray quote are read again, one by one
        yield row


def _row(number: int, text: str | None, columns: Sequence[str], delimiter: str) -> ParsedLine:
    if text is None:
        return unreadable(number, f"has a quote that is not closed within {MAX_LINES_OF_ROW} lines")
    cells = _cells(text, delimiter)
    if cells is None:
        return unreadable(number, "must be well-formed CSV: quotes in a value are doubled")
    if len(cells) != len(columns):
        return unreadable(number, f"must have {len(columns)} values as the header has columns; it has {len(cells)}")
    return ParsedLine(number, {name: cell for name, cell in zip(columns, cells, strict=True) if cell})


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


def _cells(text: str, delimiter: str) -> list[str] | None:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
