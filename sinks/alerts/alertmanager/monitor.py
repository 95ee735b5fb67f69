"""How the Alertmanagers are, for health checks, metrics and tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sinks.metrics import ALERTMANAGER_LAST_PROGRESS, ALERTMANAGER_OPEN, ALERTMANAGER_UP


@dataclass(frozen=True, slots=True)
class TargetState:
    """One Alertmanager.

    Attributes:
        state: `starting` while the topic is read, `delivering`, or `failing`.
        since: Last time it took what it was sent, or the start; epoch milliseconds.
        problem: Why it is failing.
        open: Alerts that are open.
    """

    state: str
    since: int
    problem: str | None = None
    open: int = 0


@dataclass(frozen=True, slots=True)
class AlertmanagerHealth:
    """A judgement.

    Attributes:
        healthy: Whether at least one Alertmanager takes alerts: then they reach people.
        targets: All of them, by name.
    """

    healthy: bool
    targets: Mapping[str, TargetState]


class AlertmanagerMonitor:
    """Written by the deliveries, read by anybody.

    Args:
        targets: Names of the Alertmanagers.
        stall_after_s: It is unhealthy when none took anything for so long.
    """

    def __init__(self, targets: Iterable[str], stall_after_s: float) -> None:
        self._lock = threading.Lock()
        self._stall_after_ms = int(stall_after_s * 1000)
        self._targets = {name: TargetState("starting", _now()) for name in targets}

    def health(self) -> AlertmanagerHealth:
        """Judge by the present time."""
        with self._lock:
            targets = dict(self._targets)
        since = max(one.since for one in targets.values())
        return AlertmanagerHealth(_now() - since < self._stall_after_ms, targets)

    def delivered(self, target: str, open_alerts: int) -> None:
        """An Alertmanager has all it ought to have."""
        ALERTMANAGER_UP.labels(target).set(1)
        ALERTMANAGER_OPEN.labels(target).set(open_alerts)
        ALERTMANAGER_LAST_PROGRESS.labels(target).set_to_current_time()
        with self._lock:
            self._targets[target] = TargetState("delivering", _now(), None, open_alerts)

    def failed(self, target: str, problem: str, open_alerts: int) -> None:
        """An Alertmanager did not take something."""
        ALERTMANAGER_UP.labels(target).set(0)
        ALERTMANAGER_OPEN.labels(target).set(open_alerts)
        with self._lock:
            self._targets[target] = replace(self._targets[target], state="failing", problem=problem, open=open_alerts)


def _now() -> int:
    return time.time_ns() // 1_000_000
