"""How fast consumer groups read, and since when one has not."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.kafka.group_lag import Lag

_MEASURED_S = 30.0
"""Rates are those of the last so many seconds."""


@dataclass(slots=True)
class GroupPace:
    """One group: what it had read when, in seconds of a monotonic clock."""

    behind: int = 0
    moved_at: float = 0.0
    looks: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def rate(self) -> float:
        """Records a second."""
        (began, first), (ended, last) = self.looks[0], self.looks[-1]
        return (last - first) / (ended - began) if ended > began else 0.0


class Pace:
    """The pace of every group, from looks at their lags; `now` is seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._groups: dict[str, GroupPace] = {}

    def note(self, lags: Mapping[str, Lag], now: float) -> None:
        """Take note of the lags at a moment."""
        for name, lag in lags.items():
            pace = self._groups.setdefault(name, GroupPace(moved_at=now))
            done = lag.written - lag.behind
            if not lag.behind or not pace.looks or done != pace.looks[-1][1]:
                pace.moved_at = now
            pace.behind = lag.behind
            pace.looks.append((now, done))
            while now - pace.looks[0][0] > _MEASURED_S:
                pace.looks.popleft()

    def still_for(self, name: str, now: float) -> float:
        """For how many seconds a group with lag has read nothing."""
        pace = self._groups.get(name)
        return 0.0 if pace is None or not pace.behind else now - pace.moved_at

    def line(self) -> str:
        """Records left, rates and the time left, in one line."""
        behind = {name: pace for name, pace in self._groups.items() if pace.behind}
        left = sum(pace.behind for pace in behind.values())
        said = ", ".join(f"{name} {pace.behind:,} ({pace.rate:,.0f}/s)" for name, pace in behind.items())
        text = f"{left:,} records left: {said}" if behind else "the last records are on their way"
        if not behind or any(pace.rate <= 0 for pace in behind.values()):
            return text
        return f"{text}; about {clock(max(pace.behind / pace.rate for pace in behind.values()))} left"


def clock(seconds: float) -> str:
    """A duration as minutes and seconds, with hours if there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
