"""Settings of a worker and of the policies of its stages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from deploy.settings.dead_letters import DeadLetterSettings
from deploy.settings.group import GROUP_NAME, option
from processors.domain.assessment.policy import ComplaintPolicy
from processors.domain.join.policy import JoinPolicy
from processors.stages.catalogue import STAGES
from processors.worker.options import WorkerOptions

STAGE_NAMES = tuple(stage.name for stage in STAGES)
MIB = 1024 * 1024


class WorkerSettings(DeadLetterSettings):
    """How a worker runs; meaning and defaults: `WorkerOptions`, and the policies of the stages."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_WORKER_")

    stages: str = ",".join(STAGE_NAMES)  # stages that this worker runs
    complaint_threshold: int = option(ComplaintPolicy, "threshold", ge=1, le=4)
    grace_s: float = Field(default=JoinPolicy().grace_ms / 1000, ge=0)
    count_unstated: bool = option(JoinPolicy, "count_unstated")
    group_prefix: str = option(WorkerOptions, "group_prefix", pattern=r"^[a-zA-Z0-9._-]{1,100}$")
    group_instance_id: str | None = option(WorkerOptions, "group_instance_id", pattern=GROUP_NAME)
    commit_interval_s: float = option(WorkerOptions, "commit_interval_s", gt=0, le=60)
    max_batch_records: int = option(WorkerOptions, "max_batch_records", ge=1, le=1_000_000)
    max_partition_bytes: int = option(WorkerOptions, "max_partition_bytes", ge=65_536, le=256 * MIB)
    queue_batches: int = option(WorkerOptions, "queue_batches", ge=1, le=1000)
    fetch_wait_ms: int = option(WorkerOptions, "fetch_wait_ms", ge=1, le=30_000)
    idle_advance_s: float = option(WorkerOptions, "idle_advance_s", ge=0)
    connect_timeout_s: float = option(WorkerOptions, "connect_timeout_s", gt=0, le=600)
    shutdown_timeout_s: float = option(WorkerOptions, "shutdown_timeout_s", gt=0, le=600)
    rebalance_timeout_s: float = option(WorkerOptions, "rebalance_timeout_s", gt=0, le=3600)
    snapshot_directory: Path | None = option(WorkerOptions, "snapshot_directory")
    snapshot_interval_s: float = option(WorkerOptions, "snapshot_interval_s", gt=0)
    stall_after_s: float = option(WorkerOptions, "stall_after_s", gt=0)

    def problems(self) -> Iterator[str]:
        """Whether the stages exist, and what the options object to."""
        if not self.stage_names() or not set(self.stage_names()) <= set(STAGE_NAMES):
            yield f"HAILONG_WORKER_STAGES must name stages among {', '.join(STAGE_NAMES)}."
        yield from super().problems()

    def stage_names(self) -> tuple[str, ...]:
        """The stages to run."""
        return tuple(name for part in self.stages.split(",") if (name := part.strip()))

    def join_policy(self) -> JoinPolicy:
        """How long the join waits, and which sheets count."""
        return JoinPolicy(grace_ms=round(self.grace_s * 1000), count_unstated=self.count_unstated)

    def options(self) -> WorkerOptions:
        """The options of a `processors.worker.Worker`."""
        return self.build(WorkerOptions, dead_letter_limit=self.dead_letter_limit())
