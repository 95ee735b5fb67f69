"""Rows as a table.

On a terminal it fits the width: long values are folded, and when the columns would become too narrow to read, each row
is written below the other as a list. Elsewhere every value stays whole, on one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from deploy.cli.results.texts import text
from deploy.printable import printable

MEASURED_ROWS = 1000
"""Where the table need not fit, columns are as wide as in so many rows; a wider value below them moves its row only."""
NARROWEST = 10
"""Cells below which a column that must be folded cannot be read."""
MISSING = "NULL"
_GAP = "  "


def table_lines(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]], width: int | None) -> Iterator[str]:
    """A table.

    Args:
        columns: Name and type of each column.
        rows: Plain values. With a width all of them are kept in memory.
        width: Of the terminal, in cells; None: there is none.
    """
    names = [_shown(name) for name, _kind in columns]
    right = [_is_number(kind) for _name, kind in columns]
    shown = ([_shown(value) for value in row] for row in rows)
    first = list(shown if width is not None else islice(shown, MEASURED_ROWS))
    widths = _widths(names, first)
    if width is not None and sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        cap = _cap(widths, width - len(_GAP) * (len(widths) - 1))
        if cap < NARROWEST:
            yield from _lists(names, first, width)
            return
        widths = [min(cells, cap) for cells in widths]
    yield from _folded(names, widths, right)
    yield _GAP.join("─" * cells for cells in widths) + "\n"
    for row in chain(first, shown):
        yield from _folded(row, widths, right) if width is not None else [_line(row, widths, right)]


def _shown(value: Any) -> str:
    """A value on one line."""
    return MISSING if value is None else printable(text(value))


def _is_number(kind: str) -> bool:
    inner = kind.removeprefix("LowCardinality(").removeprefix("Nullable(")
    return inner.startswith(("Int", "UInt", "Float", "Decimal")) and not inner.startswith("Interval")


def _widths(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    return [max(map(cell_len, column)) for column in zip(names, *rows, strict=True)]


def _cap(widths: Sequence[int], available: int) -> int:
    """The most cells that each column may have, so that all have a place; narrower columns keep their width."""
    left = available
    for done, cells in enumerate(sorted(widths)):
        share = left // (len(widths) - done)
        if cells > share:
            return share
        left -= cells
    return max(widths)


def _folded(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
    parts = [_wrapped(value, cells) for value, cells in zip(row, widths, strict=True)]
    for number in range(max(map(len, parts))):
        yield _line([part[number] if number < len(part) else "" for part in parts], widths, right)


def _wrapped(value: str, width: int) -> list[str]:
    """A value in lines of at most so many cells, broken between words where that is possible."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text

    if cell_len(value) <= width:
        return [value]
    return [line.plain.rstrip() for line in Text(value).wrap(Console(width=width), width, overflow="fold")]


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    return _GAP.join(map(_padded, row, widths, right)).rstrip() + "\n"


def _padded(value: str, width: int, to_the_right: bool) -> str:
    from rich.cells import cell_len

    blanks = " " * (width - cell_len(value))
    return blanks + value if to_the_right else value + blanks


def _lists(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Each row as a list of names and values."""
    head = min(max(_widths(names, [])), width // 2)
    for number, row in enumerate(rows, 1):
        yield f"row {number}\n"
        for pair in zip(names, row, strict=True):
            yield from _folded(pair, [head, max(width - head - len(_GAP), 1)], [False, False])
