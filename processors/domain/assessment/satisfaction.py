"""Rolling satisfaction: score counts per target in panes, and windows as sums of panes.

Values are absolute. A fact that is edited or late replaces its earlier version, and every window that holds its pane
is published again. What several sheets of a declaration say about one target is one score: the lowest, where the last
of them was sent (docs/adr/0042-an-opinion.md).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from processors.domain.assessment.fact_store import Change, StoredFact
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
        self._moved: dict[tuple[str, TargetIdentity], tuple[int, ...]] = {}
        """By declaration and target, every pane in which the score, or that of one sheet, was ever counted; for the few
        where that is not just the current one."""
        self._dirty: dict[TargetIdentity, _Series] = {}

    def apply(self, change: Change) -> None:
        """Apply one change of a fact to the counts."""
        before, after, opinion = change.before, change.after, change.group.opinion
        identity = (after.target, after.office, after.target_id)
        series = self._series.get(identity)
        if series is None:
            series = self._series[identity] = _Series()
        others = opinion.others_about(change)
        was, now, own = _place([*others, before]), _place([*others, after]), _place([after])
        score = (opinion.declaration, identity)
        counted_in = self._moved.get(score, _pane(was))
        grown = after.version - (before.version if before else 0)
        for start in counted_in:
            series.add(start, _VERSIONS, grown)
        # The pane of the sheet too, as office counts do: it may have been published there by itself.
        new = [start for start in dict.fromkeys(_pane(own) + _pane(now)) if start not in counted_in]
        if was == now and not new:
            return
        for start in new:
            series.add(start, _VERSIONS, after.version + sum(fact.version for fact in others))
            series.dirty.add(start)
        if was is not None:
            series.add(*was, -1)
        if now is not None:
            series.add(*now, 1)
        counted_in = (*counted_in, *new)
        if counted_in != _pane(now):
            self._moved[score] = counted_in
        self._dirty[identity] = series

    def changes(self) -> Iterator[Satisfaction]:
        """Rows whose windows hold a pane that changed since the last call."""
        for identity, series in self._dirty.items():
            for window_end, version, counts in series.changed():
                yield Satisfaction(*identity, window_end, version, *counts)
        self._dirty = {}


def _pane(place: tuple[int, int] | None) -> tuple[int, ...]:
    return () if place is None else place[:1]


def _place(facts: Sequence[StoredFact | None]) -> tuple[int, int] | None:
    """Pane and column in which the facts of a declaration about one target count; None where none does."""
    counting = [fact for fact in facts if fact is not None and fact.counts]
    if not counting:
        return None
    return pane_of(max(fact.submitted_at for fact in counting)), min(fact.score for fact in counting) - 1
