"""Rolling satisfaction: score counts per target in panes, and windows as sums of panes.

Values are absolute. A fact that is edited or late replaces its earlier version, and every window that holds its pane
is published again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import cast

import numpy as np
import numpy.typing as npt

from processors.domain.assessment.fact_store import StoredFact
from processors.domain.panes import PANE_MS, WINDOWS_MS, pane_of
from schemas.records.facts import Counts, Satisfaction

TargetIdentity = tuple[str, str, str]
"""Target, office, target id."""

_VERSIONS = 5  # column of a pane after the five scores


class _Series:
    """All panes of one target: counts of the scores 1 to 5, then the sum of versions of all facts ever counted there.

    Running sums are recomputed only from the first changed pane on. So a score in the newest pane, the usual case,
    costs the same in the tenth month as in the first.
    """

    def __init__(self) -> None:
        self._panes: dict[int, list[int]] = {}
        self._starts: list[int] = []
        self._sums: npt.NDArray[np.int64] = np.zeros((1, 6), np.int64)
        self._covered = 0  # panes that the running sums cover
        self.dirty: set[int] = set()

    def add(self, start: int, column: int, amount: int) -> None:
        """Change one number of a pane; column 0 to 4 for a score, 5 for the versions."""
        place = bisect_left(self._starts, start)
        pane = self._panes.get(start)
        if pane is None:
            pane = self._panes[start] = [0] * 6
            self._starts.insert(place, start)
        pane[column] += amount
        self._covered = min(self._covered, place)
        if column < _VERSIONS:
            self.dirty.add(start)

    def changed(self) -> Iterator[tuple[int, int, tuple[Counts, ...]]]:
        """(End, version, windows) of the panes whose longest window holds a dirty pane.

        Includes panes whose counts are the same again: a worker that died may have published an intermediate state.
        """
        self._refresh()
        for place in self._affected():
            start = self._starts[place]
            lows = [bisect_left(self._starts, start + PANE_MS - window) for window in WINDOWS_MS]
            windows = (self._sums[place + 1] - self._sums[lows]).tolist()
            counts = tuple(cast("Counts", tuple(row[:_VERSIONS])) for row in windows)
            yield start + PANE_MS, windows[-1][_VERSIONS], counts
        self.dirty = set()

    def _refresh(self) -> None:
        if self._covered < len(self._starts):
            tail = np.array([self._panes[start] for start in self._starts[self._covered :]], np.int64)
            covered = self._sums[: self._covered + 1]
            self._sums = np.vstack([covered, covered[-1] + np.cumsum(tail, axis=0)])
            self._covered = len(self._starts)

    def _affected(self) -> list[int]:
        places: set[int] = set()
        for start in self.dirty:
            last = bisect_left(self._starts, start + WINDOWS_MS[-1])
            places.update(range(bisect_left(self._starts, start), last))
        return sorted(places)


class SatisfactionStore:
    """The score counts of every target of one partition."""

    def __init__(self) -> None:
        self._series: dict[TargetIdentity, _Series] = {}
        self._moved: dict[str, tuple[int, ...]] = {}
        """Every pane in which a fact was ever counted, for the few facts where that is not just the current one."""
        self._dirty: dict[TargetIdentity, _Series] = {}

    def apply(self, before: StoredFact | None, after: StoredFact) -> None:
        """Apply one change of a fact to the counts."""
        identity = (after.target, after.office, after.target_id)
        series = self._series.get(identity)
        if series is None:
            series = self._series[identity] = _Series()
        was, now = _place(before), _place(after)
        counted_in = self._moved.get(after.fact_id, _pane(was))
        grown = after.version - (before.version if before else 0)
        for start in counted_in:
            series.add(start, _VERSIONS, grown)
        if was == now:
            return
        if was is not None:
            series.add(*was, -1)
        if now is not None:
            series.add(*now, 1)
            if now[0] not in counted_in:
                counted_in = (*counted_in, now[0])
                series.add(now[0], _VERSIONS, after.version)
        if counted_in != _pane(now):
            self._moved[after.fact_id] = counted_in
        self._dirty[identity] = series

    def changes(self) -> Iterator[Satisfaction]:
        """Rows whose windows hold a pane that changed since the last call."""
        for identity, series in self._dirty.items():
            for window_end, version, counts in series.changed():
                yield Satisfaction(*identity, window_end, version, *counts)
        self._dirty = {}


def _pane(place: tuple[int, int] | None) -> tuple[int, ...]:
    return () if place is None else place[:1]


def _place(fact: StoredFact | None) -> tuple[int, int] | None:
    """Pane and column in which a fact counts; None where it does not."""
    if fact is None or not fact.counts:
        return None
    return pane_of(fact.submitted_at), fact.score - 1
