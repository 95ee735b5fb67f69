"""What an agent of the batched transport receives: the records of one partition that were fetched together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import faust
from aiokafka import ConsumerRecord
from faust.types import AppT, Message

from processors.transport.offset_tracker import BatchOffsets
from processors.transport.record_batches import RecordBatches
from schemas.batches.batch import Batch, RawBatch
from schemas.topics import Topic

FetchedRecords = RecordBatches | Sequence[ConsumerRecord[bytes, bytes]]
"""Records of one partition: packed as Kafka sent them, or already one by one."""


@dataclass(frozen=True, slots=True)
class FetchedBatch:
    """Records of one partition, fetched together, in offset order; never empty.

    Attributes:
        records: The records, undecoded.
        offsets: Its entry in the offset tracker.
    """

    records: FetchedRecords
    offsets: BatchOffsets

    def __len__(self) -> int:
        """Number of records; an upper bound where they are packed."""
        return self.records.count if isinstance(self.records, RecordBatches) else len(self.records)


def to_batch(topic: Topic, partition: int, records: FetchedRecords, end: int | None = None) -> Batch:
    """The fetched records as a batch for a stage.

    Args:
        topic: Which topic of the contract.
        partition: Partition number.
        records: The fetched records.
        end: Records at or above this offset are left out; None for all.

    Raises:
        SystemFault: The log is damaged.
    """
    if isinstance(records, RecordBatches):
        return records.unpack(topic, end)
    chosen = [record for record in records if end is None or record.offset < end]
    return RawBatch(
        topic,
        partition,
        [record.offset for record in chosen],
        [record.timestamp for record in chosen],
        [record.key for record in chosen],
        [record.value for record in chosen],
    )


def group_records(items: Sequence[Any]) -> Iterator[FetchedRecords]:
    """Group what a `PackedConsumer` returned for a partition: neighbouring single records become one list."""
    for packed, run in groupby(items, lambda item: isinstance(item, RecordBatches)):
        if packed:
            yield from run
        else:
            yield list(run)


def offset_span(records: FetchedRecords) -> tuple[int, int]:
    """The first offset and the offset after the last."""
    if isinstance(records, RecordBatches):
        return records.first, records.end
    return records[0].offset, records[-1].offset + 1


class BatchSchema(faust.Schema[Any, Any]):
    """Hands the batch through unchanged: stages decode whole batches, not messages."""

    def loads_key(self, app: AppT, message: Message, **_options: Any) -> None:
        """A batch has no key."""

    def loads_value(self, app: AppT, message: Message, **_options: Any) -> Any:  # noqa: ARG002 - Faust's signature
        """The `FetchedBatch`."""
        return message.value
