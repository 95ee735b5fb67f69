"""How the loader runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.dead_letters.limit import DeadLetterLimit
from schemas.options import Checked, duration_problems

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SinkOptions(Checked):
    """Settings of the loader that are not part of the contract."""

    group: str = "hailong.sink"
    # Static membership: a restart within the session timeout causes no rebalance. Unique for each sink; None: dynamic.
    group_instance_id: str | None = None
    flush_rows: int = 100_000  # the records of a topic are inserted when there are so many,
    flush_bytes: int = 32 * MIB  # or when they are so large,
    flush_interval_s: float = 1.0  # or when the oldest is so old and nothing else is being inserted
    max_buffer_bytes: int = 128 * MIB  # size of records read and not yet stored, beyond which reading is paused
    commit_interval_s: float = 1.0  # pause between commits; after a crash, records since the last are stored again
    insert_timeout_s: float = 60.0  # how long ClickHouse may take to answer; after that the block is repeated
    retry_initial_s: float = 0.1  # pause before the first repetition; it doubles up to the next
    retry_max_s: float = 10.0  # longest pause between repetitions
    connect_timeout_s: float = 10.0  # how long Kafka and ClickHouse may be unreachable at start
    shutdown_timeout_s: float = 8.0  # how long a stop may take; records not stored by then are read again
    revoke_timeout_s: float = 10.0  # how long a rebalance waits for the insert under way
    identity_check_s: float = 30.0  # how often to check whether topics were deleted and created again
    max_refused: int = 100  # more bad rows than this in one batch mean that the tables are at fault, not the rows
    stall_after_s: float = 120.0  # lag without progress for so long makes the sink unhealthy
    dead_letter_limit: DeadLetterLimit = field(default_factory=DeadLetterLimit)  # beyond it, the sink stops

    def _problems(self) -> Iterator[str]:
        if not self.group:
            yield "group must not be empty"
        for name in ("flush_rows", "flush_bytes", "max_refused"):
            if getattr(self, name) < 1:
                yield f"{name} must be at least 1"
        if self.max_buffer_bytes < self.flush_bytes:
            yield "max_buffer_bytes must not be less than flush_bytes: nothing would ever be inserted"
        yield from duration_problems(self)
