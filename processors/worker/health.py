"""Whether a worker makes progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StageProgress:
    """Progress of one stage.

    Attributes:
        stage: Name.
        state: `starting`, `running`, `rebalancing`, `stopped` or `failed`.
        last_progress_at: When a batch or a piece of a restore was last finished, or all partitions were found caught
            up; epoch milliseconds.
        records: Records done since the start.
        lag: Records not done yet, by `topic[partition]`.
        views: Number of views held.
    """

    stage: str
    state: str
    last_progress_at: int
    records: int
    lag: Mapping[str, int]
    views: int


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """Health of a worker.

    Attributes:
        healthy: Whether all stages make progress.
        reasons: Why not, one sentence each.
        stages: Progress of each stage.
    """

    healthy: bool
    reasons: tuple[str, ...]
    stages: tuple[StageProgress, ...]


def assess_health(stages: tuple[StageProgress, ...], now: int, stall_after_ms: int) -> WorkerHealth:
    """Judge a worker by its stages: a stage with lag may go `stall_after_ms` without progress."""
    reasons = tuple(reason for stage in stages if (reason := _unhealthy_reason(stage, now, stall_after_ms)))
    return WorkerHealth(not reasons, reasons, stages)


def _unhealthy_reason(stage: StageProgress, now: int, stall_after_ms: int) -> str | None:
    if stage.state == "failed":
        return f"stage {stage.stage} failed"
    idle_ms, lag = now - stage.last_progress_at, sum(stage.lag.values())
    if idle_ms > stall_after_ms and (lag or stage.state in {"starting", "rebalancing"}):
        return f"stage {stage.stage} made no progress for {idle_ms // 1000} s ({stage.state}, lag {lag})"
    return None
