"""How a running sink is, for health checks and tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from sinks.metrics import BUFFERED, BUFFERED_BYTES, LAG, LAST_PROGRESS, PAUSED, RECORDS


@dataclass(frozen=True, slots=True)
class SinkProgress:
    """What a sink has done, as of the last look.

    Attributes:
        state: `starting`, `running`, `rebalancing`, `stopped` or `failed`.
        last_progress_at: When records were last stored, or everything was found stored; epoch milliseconds.
        records: Records stored since the start.
        buffered: Records read and not yet stored.
        paused: Whether reading is paused because buffers are full.
        lag: Records between what is stored and the end, by `topic[partition]`.
    """

    state: str = "starting"
    last_progress_at: int = 0
    records: int = 0
    buffered: int = 0
    paused: bool = False
    lag: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SinkHealth:
    """A judgement.

    Attributes:
        healthy: Whether the sink gets on.
        reasons: Why not, one sentence each.
        progress: What it is based on.
    """

    healthy: bool
    reasons: tuple[str, ...]
    progress: SinkProgress


class SinkMonitor:
    """Written by the sink, read by anybody.

    Args:
        stall_after_s: Lag without progress for so long is unhealthy.
    """

    def __init__(self, stall_after_s: float = 120.0) -> None:
        self._lock = threading.Lock()
        self._stall_after_s = stall_after_s
        self._progress = SinkProgress(last_progress_at=_now())
        self._shown: AbstractSet[tuple[str, int]] = frozenset()

    @property
    def progress(self) -> SinkProgress:
        """The last look."""
        with self._lock:
            return self._progress

    def health(self) -> SinkHealth:
        """Judge by the last look and the present time."""
        return assess(self.progress, _now(), int(self._stall_after_s * 1000))

    def entered(self, state: str) -> None:
        """The sink changed its state."""
        with self._lock:
            self._progress = replace(self._progress, state=state)

    def stored(self, topic: str, records: int) -> None:
        """Records of a topic are stored."""
        RECORDS.labels(topic).inc(records)
        with self._lock:
            self._progress = replace(self._progress, records=self._progress.records + records, last_progress_at=_now())
        LAST_PROGRESS.set_to_current_time()

    def looked(self, lag: Mapping[tuple[str, int], int], buffered: int, size: int, *, paused: bool) -> None:
        """The sink looked at its lag, of all partitions that are its own, and at its buffers."""
        for (topic, partition), records in lag.items():
            LAG.labels(topic, str(partition)).set(records)
        for topic, partition in self._shown - lag.keys():
            LAG.remove(topic, str(partition))  # another member's now: its last lag here would stand for ever
        self._shown = lag.keys()
        BUFFERED.set(buffered)
        BUFFERED_BYTES.set(size)
        PAUSED.set(paused)
        named = {f"{topic}[{partition}]": records for (topic, partition), records in lag.items()}
        with self._lock:
            idle = not buffered and not any(named.values())
            moment = _now() if idle else self._progress.last_progress_at
            self._progress = replace(
                self._progress, lag=named, buffered=buffered, paused=paused, last_progress_at=moment
            )


def assess(progress: SinkProgress, now: int, stall_after_ms: int) -> SinkHealth:
    """Judge a sink.

    Args:
        progress: Its last look.
        now: Epoch milliseconds.
        stall_after_ms: How long it may go without progress while there is something to do.
    """
    reasons = []
    idle_ms = now - progress.last_progress_at
    lag = sum(progress.lag.values())
    if progress.state in {"failed", "stopped"}:
        reasons.append(f"the sink {progress.state}")
    elif idle_ms > stall_after_ms:
        reasons.append(
            f"nothing was stored for {idle_ms // 1000} s ({progress.state}, lag {lag}, {progress.buffered} in buffers)"
        )
    return SinkHealth(not reasons, tuple(reasons), progress)


def _now() -> int:
    return int(time.time() * 1000)
