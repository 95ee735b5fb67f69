"""Whether a sink is well, for the health endpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sinks import metrics

_REPORT_MS = 1000
_STUCK_MS = 60_000


@dataclass(frozen=True, slots=True)
class SinkProgress:
    """A snapshot.

    Attributes:
        healthy: False when there is work and none was done for a minute.
        lag: Records not yet stored.
        last_progress_at: When something was last stored or nothing was left to do, epoch milliseconds.
    """

    healthy: bool
    lag: int
    last_progress_at: int


class SinkHealth:
    """Kept by a sink, read by the health endpoint from another thread."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._last_progress_at = clock()
        self._reported_at = 0
        self._lag = 0

    def progressed(self) -> None:
        """Something was stored."""
        self._last_progress_at = self._clock()
        metrics.LAST_PROGRESS.set(self._last_progress_at / 1000)

    def report_due(self) -> bool:
        """Whether lag should be measured again."""
        return self._clock() - self._reported_at >= _REPORT_MS

    def reported(self, lag: int) -> None:
        """Lag was measured."""
        self._reported_at = self._clock()
        self._lag = lag
        if lag == 0:
            self.progressed()

    def snapshot(self) -> SinkProgress:
        """How it stands."""
        stuck = self._lag > 0 and self._clock() - self._last_progress_at > _STUCK_MS
        return SinkProgress(not stuck, self._lag, self._last_progress_at)
