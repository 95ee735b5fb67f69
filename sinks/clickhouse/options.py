"""What the loader may be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from schemas.codec import WriterSchemas, pinned_only


def wall_clock() -> int:
    """The present, epoch milliseconds."""
    return int(datetime.now(UTC).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class SinkOptions:
    """Settings of the loader.

    Attributes:
        group: Consumer group.
        flush_records: A topic's buffer is stored when it holds so many records.
        flush_bytes: Or so many bytes.
        flush_ms: Or when its oldest record has waited so long.
        insert_timeout_s: How long an insert may take; must stay well below Kafka's max.poll.interval (300 s).
        retry_pause_s: Longest pause between repetitions of a block.
        writer_schemas: Where schemas that are not pinned come from.
        clock: The present, epoch milliseconds.
    """

    group: str = "hailong-sink"
    flush_records: int = 50_000
    flush_bytes: int = 64 * 1024 * 1024
    flush_ms: int = 1000
    insert_timeout_s: int = 60
    retry_pause_s: float = 5.0
    writer_schemas: WriterSchemas = pinned_only
    clock: Callable[[], int] = field(default=wall_clock)
