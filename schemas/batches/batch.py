"""A fetched run of records of one topic partition, before anybody looked inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.errors import Reason
from schemas.topics import Topic


class Batch(Protocol):
    """What every batch offers, however it came; attributes as in `RawBatch`."""

    @property
    def topic(self) -> Topic:
        """Which topic of the contract."""

    @property
    def partition(self) -> int:
        """Partition number."""

    @property
    def first(self) -> int:
        """Offset of the first record, or less: where the reading of it began."""

    @property
    def end(self) -> int:
        """The offset after the last record, or more: where the reading goes on."""

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

    def __len__(self) -> int:
        """Number of records."""


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Records of one partition in offset order; all sequences have the same length, at least 1.

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
