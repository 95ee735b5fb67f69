"""Consecutive records fetched from one topic partition, not yet decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from schemas.errors import Reason
from schemas.topics import Topic


class Batch(Protocol):
    """Consecutive records of one partition; `RawBatch` describes the attributes."""

    @property
    def topic(self) -> Topic:
        """The topic of the contract."""

    @property
    def partition(self) -> int:
        """Partition number."""

    @property
    def first(self) -> int:
        """Offset where the reading of the batch began: that of the first record, or lower."""

    @property
    def end(self) -> int:
        """Offset where the reading continues: one after the last record, or higher."""

    @property
    def offsets(self) -> Sequence[int]:
        """Offsets."""

    @property
    def timestamps(self) -> Sequence[int]:
        """Kafka timestamps."""

    @property
    def keys(self) -> Sequence[bytes | None]:
        """Raw keys."""

    @property
    def values(self) -> Sequence[bytes | None]:
        """Raw values."""

    @property
    def remaining(self) -> int:
        """How many records of the partition are known to follow; 0 where that is not known."""

    def __len__(self) -> int:
        """Number of records."""


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Records of one partition in offset order; all sequences have the same length, at least 1.

    Attributes:
        topic: The topic of the contract.
        partition: Partition number.
        offsets: Offsets, ascending; gaps are possible (compaction).
        timestamps: Kafka timestamps, epoch milliseconds.
        keys: Raw keys; None where the record had none.
        values: Raw values; None for a tombstone.
        remaining: How many records of the partition were known to follow when it was fetched; 0: none, or unknown.
    """

    topic: Topic
    partition: int
    offsets: Sequence[int]
    timestamps: Sequence[int]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    remaining: int = field(default=0, kw_only=True)

    def __len__(self) -> int:
        """Number of records."""
        return len(self.offsets)

    @property
    def first(self) -> int:
        """Offset of the first record."""
        return self.offsets[0]

    @property
    def end(self) -> int:
        """The offset after the last record."""
        return self.offsets[-1] + 1


@dataclass(frozen=True, slots=True)
class Reject:
    """A record of a batch that was refused.

    Attributes:
        index: Position in the batch.
        reason: The kind of fault.
        detail: Field and rule; never a value, which may be personal data.
        schema_id: Writer schema id, where the frame could be read.
    """

    index: int
    reason: Reason
    detail: str
    schema_id: int | None = None
