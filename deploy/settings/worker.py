"""Settings of a worker and of what its stages decide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from deploy.settings.dead_letters import DeadLetterSettings
from processors.stages.catalogue import STAGES
from processors.worker.options import WorkerOptions

_STAGE_NAMES = tuple(stage.name for stage in STAGES)


class WorkerSettings(DeadLetterSettings):
    """How a worker runs, and the policies of its stages."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_WORKER_")
    title: ClassVar[str] = "Worker"

    stages: str = Field(
        default=",".join(_STAGE_NAMES), description="Stages that this worker runs, separated by commas."
    )
    complaint_threshold: int = Field(default=2, ge=1, le=4, description="Scores at or below it open a complaint.")
    grace_s: float = Field(
        default=300,
        ge=0,
        description="Seconds that a rating waits for its declaration before it is published as unmatched.",
    )
    group_prefix: str = Field(
        default="hailong.",
        pattern=r"^[a-zA-Z0-9._-]{1,100}$",
        description="What the consumer groups' names begin with; one for each deployment on a cluster.",
    )
    group_instance_id: str | None = Field(
        default=None,
        pattern=r"^[a-zA-Z0-9._-]{1,200}$",
        description="Fixed name of this worker in its groups: a quick restart then moves no partitions.",
    )
    commit_interval_s: float = Field(default=1.0, gt=0, le=60, description="Seconds between commits of done offsets.")
    max_batch_records: int = Field(default=20_000, ge=1, le=1_000_000, description="Most records in one fetch.")
    max_partition_bytes: int = Field(
        default=4 * 1024 * 1024,
        ge=65_536,
        le=256 * 1024 * 1024,
        description="Most bytes of one partition in one fetch.",
    )
    queue_batches: int = Field(default=4, ge=1, le=1000, description="Fetched batches that may wait for a stage.")
    fetch_wait_ms: int = Field(
        default=500,
        ge=1,
        le=30_000,
        description="Milliseconds the broker may hold back a fetch while nothing is there.",
    )
    idle_advance_s: float = Field(
        default=5.0, ge=0, description="Idle seconds after which the wall clock moves time on; 0: never (a replay)."
    )
    connect_timeout_s: float = Field(default=10.0, gt=0, le=600, description="Seconds to reach Kafka at the start.")
    shutdown_timeout_s: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="Seconds to stop in; what is not done then is done after the next start.",
    )
    rebalance_timeout_s: float = Field(
        default=60.0, gt=0, le=3600, description="Seconds a group waits for its members."
    )
    snapshot_directory: Path | None = Field(
        default=None,
        description="Directory for snapshots of the views, so that a start need not read the whole log; unset: none.",
    )
    snapshot_interval_s: float = Field(
        default=60.0, gt=0, description="Seconds between two snapshots of one partition, at least."
    )
    stall_after_s: float = Field(
        default=120.0, gt=0, description="Seconds with lag and without progress after which the worker is unhealthy."
    )

    def problems(self) -> Iterator[str]:
        """Whether the stages exist."""
        unknown = [name for name in self.stage_names() if name not in _STAGE_NAMES]
        if unknown or not self.stage_names():
            yield f"HAILONG_WORKER_STAGES must name stages among {', '.join(_STAGE_NAMES)}."
        if self.dead_letter_window < self.dead_letter_minimum:
            yield "HAILONG_WORKER_DEAD_LETTER_WINDOW must not be less than HAILONG_WORKER_DEAD_LETTER_MINIMUM."

    def stage_names(self) -> tuple[str, ...]:
        """The stages to run."""
        return tuple(name for part in self.stages.split(",") if (name := part.strip()))

    def options(self) -> WorkerOptions:
        """What `processors.worker.run_worker` takes."""
        return WorkerOptions(
            group_prefix=self.group_prefix,
            group_instance_id=self.group_instance_id,
            commit_interval_s=self.commit_interval_s,
            max_batch_records=self.max_batch_records,
            max_partition_bytes=self.max_partition_bytes,
            queue_batches=self.queue_batches,
            fetch_wait_ms=self.fetch_wait_ms,
            idle_advance_s=self.idle_advance_s,
            connect_timeout_s=self.connect_timeout_s,
            shutdown_timeout_s=self.shutdown_timeout_s,
            rebalance_timeout_s=self.rebalance_timeout_s,
            snapshot_directory=self.snapshot_directory,
            snapshot_interval_s=self.snapshot_interval_s,
            stall_after_s=self.stall_after_s,
            dead_letter_limit=self.dead_letter_limit(),
        )
