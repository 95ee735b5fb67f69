"""Supervises child processes: waits for readiness, restarts with backoff, ends crash loops, stops in order.

All methods belong to the main thread, which calls `tend` several times a second.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from deploy.local.supervisor.child import Child, ChildFailed, ChildSpec
from deploy.local.supervisor.logs import ChildLog
from deploy.local.supervisor.memory import peak_rss_mib

log = structlog.get_logger(__name__)

POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """When a crashed child is restarted, and when the supervisor gives up."""

    crashes: int = 5  # this many crashes ...
    within_s: float = 60  # ... within this many seconds are a crash loop
    first_pause_s: float = 0.5  # before the first restart; each further one within the window doubles it
    longest_pause_s: float = 8


class Supervisor:
    """The children of one stack.

    Args:
        logs: Directory of their log files.
        policy: When to restart.
        stopping: Whether a stop was requested; then readiness is no longer waited for.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        logs: Path,
        policy: RestartPolicy | None = None,
        stopping: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logs = logs
        self._policy = policy or RestartPolicy()
        self._stopping = stopping
        self._clock = clock
        self._children: dict[str, Child] = {}
        self._crashes: dict[str, deque[float]] = {}
        self._due: dict[str, float] = {}
        self._peaks: dict[str, float] = {}

    def __enter__(self) -> Self:
        """Does nothing: `start` starts children."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all children: in order after a normal end or an error, with SIGKILL after an interrupt."""
        self.stop_all(at_once=kind is not None and not issubclass(kind, Exception))

    @property
    def names(self) -> tuple[str, ...]:
        """The children, in the order of their start."""
        return tuple(self._children)

    def pid(self, name: str) -> int | None:
        """Process id of a child while it runs."""
        return self._children[name].pid

    def done(self, name: str) -> bool:
        """Whether a one-time child has ended with status 0."""
        return self._children[name].done

    def restarts(self, name: str) -> int:
        """How often a child crashed within the policy's window."""
        return len(self._crashes[name])

    def start(self, *specs: ChildSpec) -> None:
        """Start children in parallel and wait until all are ready; returns early if a stop is requested.

        Raises:
            ChildFailed: One ended, or was not ready in time; its last lines are in the message.
        """
        children = [Child(spec, ChildLog(self._logs / f"{spec.name}.log")) for spec in specs]
        for child in children:
            self._children[child.spec.name] = child
            self._crashes[child.spec.name] = deque()
            child.launch()
        for child in children:
            self._await(child)

    def tend(self) -> None:
        """Check all children once: record crashes, restart those whose pause is over, sample memory.

        Raises:
            ChildFailed: A child keeps crashing, or a one-time child failed.
        """
        self._sample()
        now = self._clock()
        for name, child in self._children.items():
            if name in self._due:
                if now >= self._due[name]:
                    del self._due[name]
                    self._restart(child)
            elif child.done:
                continue
            elif (what := child.ended()) is not None:
                if child.spec.once:
                    raise child.failure(what)
                self._crashed(child, what, now)

    def stop(self, name: str, *, at_once: bool = False) -> None:
        """Stop one child; it is killed if it does not stop in time."""
        self._sample()
        child = self._children.pop(name, None)
        if child is None:
            return
        self._due.pop(name, None)
        if not child.stop(at_once=at_once):
            log.warning("child_killed", child=name, after_s=child.spec.stop_timeout_s)

    def stop_all(self, *, at_once: bool = False) -> None:
        """Stop all children, the last started first."""
        for name in reversed(self.names):
            self.stop(name, at_once=at_once)

    def peak_rss_mib(self) -> float | None:
        """Sum of the peak memory of all children so far; a restarted child counts with its largest."""
        self._sample()
        return sum(self._peaks.values()) if self._peaks else None

    def _await(self, child: Child) -> None:
        deadline = self._clock() + child.spec.ready_timeout_s
        while not child.spec.ready():
            if self._stopping():
                return
            if (what := child.ended()) is not None:
                raise child.failure(f"{what} before it was ready")
            if self._clock() > deadline:
                raise child.failure(f"was not ready after {child.spec.ready_timeout_s:.0f} s")
            time.sleep(POLL_S)
        if child.spec.after_start is not None:
            child.spec.after_start()

    def _crashed(self, child: Child, what: str, now: float) -> None:
        name, policy, crashes = child.spec.name, self._policy, self._crashes[child.spec.name]
        if child.pardoned:
            self._due[name] = now + policy.first_pause_s
            log.warning("child_ended_by_client", child=name, how=what, restart_in_s=policy.first_pause_s)
            return
        crashes.append(now)
        while crashes and crashes[0] < now - policy.within_s:
            crashes.popleft()
        if len(crashes) >= policy.crashes:
            raise child.failure(
                f"keeps crashing ({len(crashes)} times in {policy.within_s:.0f} s); the last time it {what}"
            )
        pause = min(policy.first_pause_s * 2 ** (len(crashes) - 1), policy.longest_pause_s)
        self._due[name] = now + pause
        log.warning("child_crashed", child=name, how=what, restart_in_s=pause, log=str(child.log.path))

    def _restart(self, child: Child) -> None:
        for name in child.spec.dependents:
            if name in self._children:
                self._children[name].stop()
        try:
            child.launch()
            self._await(child)
        except ChildFailed as failure:
            log.warning("child_not_ready", child=failure.name)
            child.stop()
            self._crashed(child, "was not ready after its restart", self._clock())
            return
        log.info("child_restarted", child=child.spec.name)
        self._due.update({name: self._clock() for name in child.spec.dependents if name in self._children})

    def _sample(self) -> None:
        for name, child in self._children.items():
            if child.pid is not None and (size := peak_rss_mib([child.pid])) is not None:
                self._peaks[name] = max(size, self._peaks.get(name, 0.0))
