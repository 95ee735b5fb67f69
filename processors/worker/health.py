"""Whether a worker gets on with its work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StageProgress:
    """One stage, as of the last look.

    Attributes:
        stage: Name.
        state: `starting`, `running`, `rebalancing`, `stopped` or `failed`.
        last_progress_at: When a batch of any partition, or a piece of a rebuild, was last finished, or everything was
            found read; epoch milliseconds.
        records: Records finished since the start.
        lag: Records between what is done and the end, by `topic[partition]`.
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
    """The worker, as of the last look.

    Attributes:
        healthy: Whether all stages get on.
        reasons: Why not, one sentence each.
        stages: Progress of each stage.
    """

    healthy: bool
    reasons: tuple[str, ...]
    stages: tuple[StageProgress, ...]


def assess(stages: tuple[StageProgress, ...], now: int, stall_after_ms: int) -> WorkerHealth:
    """Judge a worker by its stages.

    Args:
        stages: Their progress.
        now: Epoch milliseconds.
        stall_after_ms: How long a stage with lag may go without progress.
    """
    reasons = tuple(reason for stage in stages if (reason := _complaint(stage, now, stall_after_ms)))
    return WorkerHealth(not reasons, reasons, stages)


def _complaint(stage: StageProgress, now: int, stall_after_ms: int) -> str | None:
    if stage.state == "failed":
        return f"stage {stage.stage} failed"
    idle_ms, lag = now - stage.last_progress_at, sum(stage.lag.values())
    if idle_ms > stall_after_ms and (lag or stage.state in {"starting", "rebalancing"}):
        return f"stage {stage.stage} made no progress for {idle_ms // 1000} s ({stage.state}, lag {lag})"
    return None
