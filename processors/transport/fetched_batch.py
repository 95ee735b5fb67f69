"""What an agent of the batched transport receives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import faust
from aiokafka import ConsumerRecord
from faust.types import AppT, Message

from processors.transport.offset_tracker import Lease
from processors.transport.record_batches import RecordBatches
from schemas.batches.batch import Batch, RawBatch
from schemas.topics import Topic

Fetched = RecordBatches | Sequence[ConsumerRecord[bytes, bytes]]
"""Records of one partition as they came: packed as Kafka sent them, or one by one."""


@dataclass(frozen=True, slots=True)
class FetchedBatch:
    """Records of one partition, fetched together, in offset order; never empty.

    Attributes:
        records: The records, undecoded.
        lease: What to hand back when they are done.
    """

    records: Fetched
    lease: Lease

    def __len__(self) -> int:
        """Number of records; packed ones may be fewer."""
        return self.records.count if isinstance(self.records, RecordBatches) else len(self.records)

    def batch(self, topic: Topic) -> Batch:
        """The records, for a stage.

        Raises:
            SystemFault: The log is damaged.
        """
        return batch_of(topic, self.lease.tp.partition, self.records)


def batch_of(
    topic: Topic,
    partition: int,
    records: Fetched,
    bound: int | None = None,
) -> Batch:
    """Fetched records as a batch; those at or above the bound are left out.

    Raises:
        SystemFault: The log is damaged.
    """
    if isinstance(records, RecordBatches):
        return records.unpacked(topic, bound)
    chosen = [record for record in records if bound is None or record.offset < bound]
    return RawBatch(
        topic,
        partition,
        [record.offset for record in chosen],
        [record.timestamp for record in chosen],
        [record.key for record in chosen],
        [record.value for record in chosen],
    )


def gathered(items: Sequence[Any]) -> Iterator[Fetched]:
    """What a `PackedConsumer` returned for a partition, with records that came one by one put together."""
    for packed, run in groupby(items, lambda item: isinstance(item, RecordBatches)):
        if packed:
            yield from run
        else:
            yield list(run)


def span(records: Fetched) -> tuple[int, int]:
    """The first offset and the offset after the last."""
    if isinstance(records, RecordBatches):
        return records.first, records.end
    return records[0].offset, records[-1].offset + 1


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """Stands in for a Kafka record where Faust makes a message of it: the value is the whole batch."""

    topic: str
    partition: int
    offset: int
    value: FetchedBatch
    timestamp: int = 0
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()
    key: None = None
    checksum: None = None
    serialized_key_size: int = 0
    serialized_value_size: int = 0

    @classmethod
    def of(cls, batch: FetchedBatch) -> BatchRecord:
        """The stand-in for a batch; its offset is the last one that it covers."""
        tp = batch.lease.tp
        return cls(tp.topic, tp.partition, batch.lease.end - 1, batch)


class BatchSchema(faust.Schema[Any, Any]):
    """Hands the batch through as it is; stages decode batches, not messages."""

    def loads_key(self, app: AppT, message: Message, **_options: Any) -> None:
        """A batch has no key."""

    def loads_value(self, app: AppT, message: Message, **_options: Any) -> Any:  # noqa: ARG002 - Faust's signature
        """The `FetchedBatch`."""
        return message.value
