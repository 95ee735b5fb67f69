"""The histories of chosen declarations as arrays: every distinct status in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from processors.domain.join.sorted_runs import ROW, Keys, Rows, SortedRun, joined, taken
from schemas.vectorized.kernels.compiled import Bools, Longs, kernel
from schemas.vectorized.kernels.radix import ascending

_ORDER = ("event", "crc", "status", "occurred_at")
"""Sort keys of the statuses of a declaration, the most significant last (as in `np.lexsort`)."""
_SHORT = 64
"""Most statuses of a declaration for insertion sort, which is quadratic: a sender could send many in a bad order."""
_REST = ("channel", "kind", "team", "tax_code", "office")


@dataclass(frozen=True, slots=True)
class Histories:
    """Statuses by declaration.

    Attributes:
        keys: The declarations with a status, ascending.
        starts: Place of the first status of each, and after the last the number of statuses.
        rows: The statuses (`sorted_runs.ROW`); those of a declaration in order of time, and at one instant in the order
            of a declaration's life.
        by_event: Places of the statuses of each declaration, those of one event together.
    """

    keys: Keys
    starts: npt.NDArray[np.int64]
    rows: Rows
    by_event: npt.NDArray[np.int64]

    def places(self, keys: Keys) -> npt.NDArray[np.int64]:
        """The place of each key in `keys`; -1 for a declaration without a status."""
        if not len(self.keys):
            return np.full(len(keys), -1)
        found = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[found] == keys, found, -1)


def gathered(runs: Sequence[SortedRun], wanted: Keys) -> Histories:
    """The histories of declarations, from all runs.

    Args:
        runs: Where statuses are.
        wanted: Keys, ascending, each once.
    """
    found = [run.find(wanted) for run in runs]
    owners = np.concatenate([np.empty(0, np.int64), *(owner for owner, _rows in found)])
    rows = joined([np.empty(0, ROW), *(rows for _owner, rows in found)])
    owners, rows = _taken(owners, rows, ascending(owners))
    rows = taken(rows, _order(owners, rows, by_event=False))
    fresh = np.ones(len(rows), np.bool_)
    if _mark_fresh(owners, rows, fresh):
        # Contents that agree in event, time, status and checksum may alternate: sort by all fields, then mark again.
        owners, rows = _taken(owners, rows, np.lexsort((*(rows[field] for field in (*_REST, *_ORDER)), owners)))
        _mark_fresh(owners, rows, fresh)
    if not fresh.all():
        owners, rows = owners[fresh], rows[fresh]
    starts = _starts(owners)
    return Histories(wanted[owners[starts[:-1]]], starts, rows, _order(owners, rows, by_event=True))


def _starts(owners: Longs) -> Longs:
    """Place of the first status of each declaration, and after the last the number of statuses."""
    return np.append(np.flatnonzero(np.diff(owners, prepend=-1)), len(owners))


def _order(owners: Longs, rows: Rows, *, by_event: bool) -> Longs:
    """Places of the statuses of each declaration, which stand together, by their event or by the fields of `_ORDER`."""
    starts = _starts(owners)
    if (np.diff(starts) > _SHORT).any():
        fields = ("event",) if by_event else _ORDER
        return np.lexsort((*(rows[field] for field in fields), owners))
    order = np.arange(len(rows))
    _sort_short(starts, rows, by_event, order)
    return order


def _taken(owners: Longs, rows: Rows, order: Longs) -> tuple[Longs, Rows]:
    return owners[order], taken(rows, order)


@kernel
def _sort_short(starts: Longs, rows: Rows, by_event: bool, order: Longs) -> None:
    """Sort the places of each declaration by insertion: they are few, and nearly in order."""
    for history in range(len(starts) - 1):
        for place in range(starts[history] + 1, starts[history + 1]):
            at, moved = place, order[place]
            while at > starts[history] and _comes_before(rows, moved, order[at - 1], by_event):
                order[at] = order[at - 1]
                at -= 1
            order[at] = moved


@kernel
def _comes_before(rows: Rows, one: int, other: int, by_event: bool) -> bool:
    """Whether a row sorts before another by its event, or by the fields of `_ORDER`, the last one first."""
    if not by_event:
        if rows[one]["occurred_at"] != rows[other]["occurred_at"]:
            return bool(rows[one]["occurred_at"] < rows[other]["occurred_at"])
        if rows[one]["status"] != rows[other]["status"]:
            return bool(rows[one]["status"] < rows[other]["status"])
        if rows[one]["crc"] != rows[other]["crc"]:
            return bool(rows[one]["crc"] < rows[other]["crc"])
    return bool(rows[one]["event"] < rows[other]["event"])


@kernel
def _mark_fresh(owners: npt.NDArray[np.int64], rows: Rows, fresh: Bools) -> bool:
    """Mark rows that differ from the one before; return whether two differ only in fields outside the sort keys."""
    ties = False
    for place in range(len(rows)):
        fresh[place] = True
        if place == 0 or owners[place - 1] != owners[place]:
            continue
        one, other = rows[place - 1], rows[place]
        tied = (
            one["occurred_at"] == other["occurred_at"]
            and one["event"] == other["event"]
            and one["crc"] == other["crc"]
            and one["status"] == other["status"]
        )
        if tied:
            fresh[place] = (
                one["office"] != other["office"]
                or one["tax_code"] != other["tax_code"]
                or one["team"] != other["team"]
                or one["kind"] != other["kind"]
                or one["channel"] != other["channel"]
            )
            ties = ties or fresh[place]
    return ties
