"""Compares the answer of a recipe with the rows that it must have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from support.raw_history import RawHistory
from support.recipe_answers_cases import ANSWERS as ABOUT_CASES
from support.recipe_answers_opinions import ANSWERS as ABOUT_OPINIONS

ANSWERS = {**ABOUT_OPINIONS, **ABOUT_CASES}
NAMES = {"office_name", "target_name", "unit_name", "name", "factor", "grade"}
"""Columns that say in words what other columns say in codes; they are looked at for being filled only."""

ROUNDED = 0.00501
"""Recipes round to two decimals."""


def check(number: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], raw: RawHistory) -> None:
    """Hold the answer of one recipe against the raw tables; raises AssertionError where they differ."""
    compared, wanted_of = ANSWERS[number]
    assert set(columns) - NAMES == set(compared), number
    places = [columns.index(name) for name in compared]
    found = _sorted([tuple(_plain(row[place]) for place in places) for row in rows])
    wanted = _sorted([tuple(_plain(value) for value in row) for row in wanted_of(raw)])
    assert wanted, f"recipe {number}: the history has nothing to answer with"
    assert len(found) == len(wanted), f"recipe {number}: {found} instead of {wanted}"
    for one, other in zip(found, wanted, strict=True):
        assert all(map(_agree, one, other)), f"recipe {number}: {one} instead of {other}"


def _sorted(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in an order that roundings do not change: by what is no fraction."""
    return sorted(rows, key=lambda row: [str(value) for value in row if not isinstance(value, float)])


def _agree(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) <= ROUNDED
    return bool(one == other)


def _plain(value: Any) -> Any:
    """Times as epoch milliseconds, decimals as fractions."""
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    return float(value) if isinstance(value, Decimal) else value
