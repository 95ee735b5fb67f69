"""How the loader runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.dead_letters.limit import DeadLetterLimit
from schemas.options import Checked, duration_problems

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SinkOptions(Checked):
    """Settings of the loader that are not part of the contract.

    Attributes:
        group: Consumer group.
        group_instance_id: Static membership: a restart within the session timeout causes no rebalance. Must be unique
            among the sinks; None for dynamic membership.
        flush_rows: A topic's records are inserted when there are so many,
        flush_bytes: or when they are so large,
        flush_interval_s: or when the oldest is so old and nothing else is being inserted.
        max_buffer_bytes: Size of records read and not yet stored, beyond which reading is paused.
        commit_interval_s: How often stored offsets are committed; later records are stored again after a crash.
        insert_timeout_s: How long ClickHouse may take to answer; after that the block is repeated.
        retry_initial_s: Pause before the first repetition; it doubles up to the next.
        retry_max_s: Longest pause between repetitions.
        connect_timeout_s: How long Kafka and ClickHouse may be unreachable at start.
        shutdown_timeout_s: How long a stop may take; what is not stored by then is read again after the next start.
        revoke_timeout_s: How long a rebalance waits for the insert under way.
        identity_check_s: How often to check whether topics were deleted and created again.
        max_refused: More bad rows than this in one batch mean that the tables are at fault, not the rows.
        stall_after_s: Lag without progress for so long makes the sink unhealthy.
        dead_letter_limit: When so many records are refused that the sink stops instead.
    """

    group: str = "hailong.sink"
    group_instance_id: str | None = None
    flush_rows: int = 100_000
    flush_bytes: int = 32 * MIB
    flush_interval_s: float = 1.0
    max_buffer_bytes: int = 128 * MIB
    commit_interval_s: float = 1.0
    insert_timeout_s: float = 60.0
    retry_initial_s: float = 0.1
    retry_max_s: float = 10.0
    connect_timeout_s: float = 10.0
    shutdown_timeout_s: float = 8.0
    revoke_timeout_s: float = 10.0
    identity_check_s: float = 30.0
    max_refused: int = 100
    stall_after_s: float = 120.0
    dead_letter_limit: DeadLetterLimit = field(default_factory=DeadLetterLimit)

    def _problems(self) -> Iterator[str]:
        if not self.group:
            yield "group must not be empty"
        for name in ("flush_rows", "flush_bytes", "max_refused"):
            if getattr(self, name) < 1:
                yield f"{name} must be at least 1"
        if self.max_buffer_bytes < self.flush_bytes:
            yield "max_buffer_bytes must not be less than flush_bytes: nothing would ever be inserted"
        yield from duration_problems(self)
