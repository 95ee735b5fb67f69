"""How a running sink is: its progress, and a judgement for `/health`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sinks.runtime.clock import now_ms
from sinks.runtime.sink import Backlog


@dataclass(frozen=True, slots=True)
class SinkProgress:
    """What a sink has done."""

    state: str = "starting"  # `starting`, `running`, `rebalancing`, `stopped` or `failed`
    last_progress_at: int = 0  # when something was last delivered, or nothing was left to deliver; epoch milliseconds
    records: int = 0  # records delivered since the start
    buffered: int = 0  # records read and not yet delivered
    paused: bool = False  # whether reading is paused because buffers are full
    lag: Mapping[str, int] = field(default_factory=dict)  # records not delivered, by `topic[partition]`
    problem: str | None = None  # why the last delivery failed; None when it did not


@dataclass(frozen=True, slots=True)
class SinkHealth:
    """A judgement."""

    healthy: bool  # whether the process does its work
    reasons: tuple[str, ...]  # what is wrong, one sentence each
    stages: Mapping[str, SinkProgress]  # progress of each sink of the process, by name


class SinkMonitor:
    """Collects the progress of one sink; any thread may read it.

    Args:
        stall_after_s: Seconds without a delivery, while something waits, after which the sink is unhealthy.
    """

    def __init__(self, stall_after_s: float = 120.0) -> None:
        self._lock = threading.Lock()
        self._stall_after_ms = int(stall_after_s * 1000)
        self._progress = SinkProgress(last_progress_at=now_ms())

    @property
    def progress(self) -> SinkProgress:
        """The newest progress."""
        with self._lock:
            return self._progress

    def problems(self) -> list[str]:
        """What is wrong at this moment, one sentence each; empty when the sink is healthy."""
        found, idle_ms = self.progress, now_ms() - self.progress.last_progress_at
        if found.state in {"failed", "stopped"}:
            return [f"the sink {found.state}"]
        if idle_ms <= self._stall_after_ms:
            return []
        why = "" if found.problem is None else f": {found.problem}"
        waiting = f"{found.state}, lag {sum(found.lag.values())}, {found.buffered} in buffers"
        return [f"nothing was delivered for {idle_ms // 1000} s ({waiting}){why}"]

    def entered_state(self, state: str) -> None:
        """The sink changed its state."""
        self._change(state=state)

    def delivered(self, records: int) -> None:
        """The destination has taken something; 0 records when it was only asked whether it would."""
        self._change(records=self.progress.records + records, last_progress_at=now_ms(), problem=None)

    def failed(self, problem: str) -> None:
        """The destination did not take something; it will be sent again."""
        self._change(problem=problem)

    def observed(self, lag: Mapping[tuple[str, int], int], backlog: Backlog, *, paused: bool) -> None:
        """The loop measured the lag of its partitions, by subject and partition, and the backlog."""
        named = {f"{topic}[{partition}]": records for (topic, partition), records in lag.items()}
        self._change(lag=named, buffered=backlog.records, paused=paused)
        if not backlog.records and not any(named.values()):
            self._change(last_progress_at=now_ms())

    def _change(self, **changed: object) -> None:
        with self._lock:
            self._progress = replace(self._progress, **changed)  # type: ignore[arg-type]  # fields of the dataclass


def assess_all(monitors: Mapping[str, SinkMonitor]) -> SinkHealth:
    """Judge a process by the monitors of its sinks, by name: it is healthy while at least one of them is."""
    problems = {name: monitor.problems() for name, monitor in monitors.items()}
    reasons = [f"{name}: {problem}" for name, found in problems.items() for problem in found]
    stages = {name: monitor.progress for name, monitor in monitors.items()}
    return SinkHealth(not all(problems.values()), tuple(reasons), stages)
