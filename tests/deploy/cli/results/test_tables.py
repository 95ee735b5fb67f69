from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count, islice
from typing import Any

import pytest
from rich.cells import cell_len

from deploy.cli.results.tables import table_lines

COLUMNS = [("office", "String"), ("n", "Nullable(UInt64)")]
REASON = "Cán bộ hải quan hướng dẫn chưa rõ ràng, phải sửa tờ khai nhiều lần"


def _table(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]], width: int | None = None) -> list[str]:
    return "".join(table_lines(columns, rows, width)).splitlines()


def test_columns_are_aligned_by_cells() -> None:
    """Wide letters and combining marks do not shift the next column; numbers stand to the right."""
    rows = [("Hải Phòng", 5), ("Ha\u0309i Pho\u0300ng", 10), ("海防", None)]
    assert _table(COLUMNS, rows) == [
        "office        n",
        "─────────  ────",
        "Hải Phòng     5",
        "Ha\u0309i Pho\u0300ng    10",
        "海防       NULL",
    ]


def test_without_a_terminal_values_stay_whole() -> None:
    """However long a value is, it stands on one line."""
    [*_head, line] = _table([("a", "String")], [("x" * 5000,)])
    assert line == "x" * 5000


def test_without_a_terminal_rows_need_not_fit_in_memory() -> None:
    """A result without end is printed as it comes; a value that is wider than those before it stays whole."""
    rows = (("y" * (number // 1000), number) for number in count())
    lines = list(islice(table_lines(COLUMNS, rows, None), 5000))
    assert lines[-1].split() == ["yyyy", "4997"]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_on_a_terminal_nothing_is_wider_than_it(width: int) -> None:
    """Long values are folded between words, and all of their words are there."""
    lines = _table([("office", "String"), ("reason", "String")], [("Cảng Hải Phòng khu vực I", REASON)], width)
    assert all(cell_len(line) <= width for line in lines)
    words = " ".join(lines).split()
    assert all(word in words for word in REASON.split())


def test_too_many_columns_for_a_terminal_become_lists() -> None:
    """When columns would be narrower than ten cells, each row is a list of names and values."""
    columns = [(f"column_{number}", "String") for number in range(12)]
    lines = _table(columns, [["a value of some length"] * 12, [REASON] * 12], 60)
    assert lines[:2] == ["row 1", "column_0   a value of some length"]
    assert lines[13:16] == [
        "row 2",
        "column_0   Cán bộ hải quan hướng dẫn chưa rõ ràng, phải sửa",
        "           tờ khai nhiều lần",
    ]


def test_values_cannot_steer_the_terminal() -> None:
    """Escape sequences, line ends and signs that turn text around are shown, not sent."""
    [*_head, line] = _table([("a", "String")], [("\x1b[2J\n\u202eabc\x9b\u00a0x",)], 80)
    assert line == r"\x1b[2J\n\u202eabc\x9b x"


def test_a_result_without_rows_shows_its_columns() -> None:
    """The head says that the statement ran."""
    assert _table(COLUMNS, [], 80) == ["office  n", "──────  ─"]
