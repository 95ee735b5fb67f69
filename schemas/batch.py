"""A fetched run of records of one topic partition, before anybody looked inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.errors import Reason
from schemas.topics import Topic


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Records of one partition in offset order; all sequences have the same length.

    Attributes:
        topic: Which topic of the contract.
        partition: Partition number.
        offsets: Offsets, ascending; gaps are possible (compaction).
        timestamps: Kafka timestamps, epoch milliseconds.
        keys: Raw keys; None where the record had none.
        values: Raw values; None for a tombstone.
    """

    topic: Topic
    partition: int
    offsets: Sequence[int]
    timestamps: Sequence[int]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]

    def __len__(self) -> int:
        """Number of records."""
        return len(self.offsets)


@dataclass(frozen=True, slots=True)
class Reject:
    """One record of a batch that was refused.

    Attributes:
        index: Position in the batch.
        reason: Class of the fault.
        detail: Field and rule, never a value.
        schema_id: Writer schema id, where the frame could be read.
    """

    index: int
    reason: Reason
    detail: str
    schema_id: int | None = None
