"""Rolling satisfaction: score counts per target in panes, and windows as sums of panes.

Values are absolute. A fact that is edited or comes late replaces what it said before, and every window that holds its
pane is sent again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import numpy.typing as npt

from processors.domain.panes import PANE_MS, WINDOWS_MS, pane_of
from schemas.records import Counts, MatchState, RatedService, Satisfaction

TargetIdentity = tuple[str, str, str]
"""Target, office, target id."""


@dataclass(slots=True)
class _Pane:
    """One pane of one target: counts of the scores 1 to 5, and the versions of all facts ever counted in it."""

    counts: list[int] = field(default_factory=lambda: [0] * 5)
    versions: int = 0


@dataclass(slots=True)
class _Series:
    """All panes of one target, and the rows last sent."""

    panes: dict[int, _Pane] = field(default_factory=dict)
    sent: dict[int, tuple[Counts, ...]] = field(default_factory=dict)


class SatisfactionBook:
    """The score counts of every target of one partition."""

    def __init__(self) -> None:
        self._series: dict[TargetIdentity, _Series] = {}
        self._stood: dict[str, list[int]] = {}  # fact id -> every pane it has ever been counted in
        self._dirty: dict[TargetIdentity, set[int]] = {}

    def count(self, before: RatedService | None, after: RatedService) -> None:
        """Take one change of a fact into the counts."""
        identity = (after.target, after.office, after.target_id)
        series = self._series.setdefault(identity, _Series())
        stood = self._stood.setdefault(after.fact_id, [])
        grown = after.version - (before.version if before else 0)
        for start in stood:
            series.panes[start].versions += grown
        if before is not None and before.state != MatchState.SUPERSEDED:
            self._add(identity, series, before, -1)
        if after.state != MatchState.SUPERSEDED:
            self._add(identity, series, after, +1)
            start = pane_of(after.submitted_at)
            if start not in stood:
                stood.append(start)
                series.panes[start].versions += after.version

    def _add(self, identity: TargetIdentity, series: _Series, fact: RatedService, sign: int) -> None:
        start = pane_of(fact.submitted_at)
        series.panes.setdefault(start, _Pane()).counts[fact.score - 1] += sign
        self._dirty.setdefault(identity, set()).add(start)

    def changes(self) -> Iterator[Satisfaction]:
        """Rows whose windows hold a pane that changed since the last call, and that differ from what was sent."""
        for identity, dirty in self._dirty.items():
            yield from self._rows(identity, self._series[identity], dirty)
        self._dirty = {}

    def _rows(self, identity: TargetIdentity, series: _Series, dirty: set[int]) -> Iterator[Satisfaction]:
        starts = np.array(sorted(series.panes), np.int64)
        table = np.array([[*series.panes[int(s)].counts, series.panes[int(s)].versions] for s in starts], np.int64)
        sums = np.vstack([np.zeros((1, 6), np.int64), np.cumsum(table, axis=0)])
        for place in self._affected(starts, dirty).tolist():
            start = int(starts[place])
            lows = np.searchsorted(starts, [start + PANE_MS - window for window in WINDOWS_MS])
            windows = sums[place + 1] - sums[lows]
            counts = tuple(cast("Counts", tuple(row)) for row in windows[:, :5].tolist())
            if series.sent.get(start) == counts:
                continue
            series.sent[start] = counts
            version = int(windows[-1, 5])
            yield Satisfaction(*identity, start + PANE_MS, version, *counts)

    @staticmethod
    def _affected(starts: npt.NDArray[np.int64], dirty: set[int]) -> npt.NDArray[np.int64]:
        """Places of the panes whose longest window holds a dirty pane."""
        chosen = np.zeros(len(starts), bool)
        for start in dirty:
            low = np.searchsorted(starts, start)
            high = np.searchsorted(starts, start + WINDOWS_MS[-1])
            chosen[low:high] = True
        return np.flatnonzero(chosen)
