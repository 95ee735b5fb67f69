"""Earlier states of the detector, to return to when a count comes late."""

from __future__ import annotations

from processors.domain.spikes.detector_state import DetectorState
from processors.domain.spikes.policy import DAY_MS

_DAYS_KEPT = 30
"""Late counts are mostly some days late. So each of the newest days has a checkpoint, and before them each block of as
many days. A rerun takes at most a month more than it must, and memory grows by one state a month."""
_BLOCK_MS = _DAYS_KEPT * DAY_MS


class Checkpoints:
    """Copies of the state: one at the begin of each recent day, and one before each instant of the newest day."""

    def __init__(self) -> None:
        self._days = [DetectorState()]
        self._instants: list[DetectorState] = []

    def add_day(self, state: DetectorState) -> None:
        """Keep the state at the begin of a day; the instants of the day before are dropped."""
        self._instants.clear()
        days = self._days
        days.append(state.copy())
        if len(days) > _DAYS_KEPT + 1:
            leaving, before = days[-_DAYS_KEPT - 1], days[-_DAYS_KEPT - 2]
            if leaving.time // _BLOCK_MS == before.time // _BLOCK_MS:
                del days[-_DAYS_KEPT - 1]

    def add_instant(self, state: DetectorState) -> None:
        """Keep the state before an instant of the newest day."""
        if (self._instants or self._days)[-1].time != state.time:  # else the state was just restored from it
            self._instants.append(state.copy())

    def state_before(self, end: int) -> DetectorState:
        """The newest state that has not taken in a pane with this end. Later ones are dropped."""
        for kept in (self._instants, self._days):
            while kept and kept[-1].time >= end:
                kept.pop()
        if not self._days:
            self._days.append(DetectorState())
        return (self._instants or self._days)[-1].copy()
