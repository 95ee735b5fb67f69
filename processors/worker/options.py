"""How a worker runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from schemas.dead_letters.limit import DeadLetterLimit
from schemas.options import Checked

_AT_LEAST_ONE = ("max_batch_records", "max_partition_bytes", "queue_batches", "fetch_wait_ms")
_POSITIVE = (
    *("commit_interval_s", "connect_timeout_s", "shutdown_timeout_s", "rebalance_timeout_s"),
    *("identity_check_s", "forget_interval_s", "snapshot_interval_s", "stall_after_s"),
)


@dataclass(frozen=True, slots=True)
class WorkerOptions(Checked):
    """Settings of a worker that are not part of the contract; their defaults are declared here and nowhere else.

    Attributes:
        group_prefix: Each stage is a consumer group of its own, `<group_prefix><stage name>`, so that a stage that is
            added later starts at the beginning of the log instead of at another stage's offsets.
        group_instance_id: Static membership: a restart within the session timeout causes no rebalance. Must be unique
            among the workers; None for dynamic membership.
        commit_interval_s: How often done offsets are committed; what was done since is processed again after a crash.
        max_batch_records: Most records in one fetch.
        max_partition_bytes: Most bytes of one partition in one fetch.
        queue_batches: Fetched batches that may wait for a stage; with the two above this bounds memory.
        fetch_wait_ms: How long the broker may hold back a fetch while there is nothing to send.
        idle_advance_s: How long a partition must be idle, with everything read, before its stream time follows the
            wall clock; 0 for never (a replay).
        connect_timeout_s: How long to wait for the broker at start.
        shutdown_timeout_s: How long a stop may take; what is not done by then is processed again after the next start.
        rebalance_timeout_s: How long the group waits for members in a rebalance; the batch in progress may take half
            of it, or seven tenths of `shutdown_timeout_s` if that is less.
        identity_check_s: How often the worker checks whether a topic was deleted and recreated.
        forget_interval_s: How often a view that has read everything looks for what Kafka has deleted; the broker itself
            looks every five minutes what to delete.
        snapshot_directory: Where snapshots of views are kept, so that a start need not read the whole log; may be
            shared by workers. None for no snapshots.
        snapshot_interval_s: Shortest pause between two snapshots of one partition.
        stall_after_s: A stage with lag and no progress for this long makes the worker unhealthy.
        dead_letter_limit: How many refused records stop the worker.
    """

    group_prefix: str = "hailong."
    group_instance_id: str | None = None
    commit_interval_s: float = 1.0
    max_batch_records: int = 20_000
    max_partition_bytes: int = 4 * 1024 * 1024
    queue_batches: int = 4
    fetch_wait_ms: int = 500
    idle_advance_s: float = 5.0
    connect_timeout_s: float = 10.0
    shutdown_timeout_s: float = 10.0
    rebalance_timeout_s: float = 60.0
    identity_check_s: float = 15.0
    forget_interval_s: float = 60.0
    snapshot_directory: Path | None = None
    snapshot_interval_s: float = 60.0
    stall_after_s: float = 120.0
    dead_letter_limit: DeadLetterLimit = field(default_factory=DeadLetterLimit)

    def _problems(self) -> Iterator[str]:
        if not self.group_prefix:
            yield "group_prefix must not be empty: it keeps the consumer groups of deployments apart"
        yield from (f"{name} must be at least 1" for name in _AT_LEAST_ONE if getattr(self, name) < 1)
        yield from (f"{name} must be more than 0" for name in _POSITIVE if getattr(self, name) <= 0)
        if self.idle_advance_s < 0:
            yield "idle_advance_s must be 0 (never) or more"

    def group(self, stage_name: str) -> str:
        """The consumer group of a stage."""
        return f"{self.group_prefix}{stage_name}"
