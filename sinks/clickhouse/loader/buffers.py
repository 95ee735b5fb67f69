"""Records that were read and not yet handed to the insert worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from confluent_kafka import Message

from schemas.batches.batch import RawBatch
from schemas.topics import Topic
from sinks.runtime.sink import AssignedPartition

_OVERHEAD_BYTES = 200
"""What Python needs for one record besides its bytes."""


@dataclass(slots=True)
class PartitionBuffer:
    """Records of one partition that wait for their insert."""

    partition: AssignedPartition
    size: int = 0
    offsets: list[int] = field(default_factory=list)
    timestamps: list[int] = field(default_factory=list)
    keys: list[bytes | None] = field(default_factory=list)
    values: list[bytes | None] = field(default_factory=list)

    def take(self, limit: int) -> tuple[RawBatch, int] | None:
        """Remove the oldest records, at most `limit`; returns them and their bytes, or None if there are none."""
        count = min(limit, len(self.offsets))
        if not count:
            return None
        columns: tuple[list[Any], ...] = (self.offsets, self.timestamps, self.keys, self.values)
        batch = RawBatch(self.partition.topic, self.partition.partition, *(column[:count] for column in columns))
        taken = self.size * count // len(self.offsets)
        for column in columns:
            del column[:count]
        self.size -= taken
        return batch, taken


@dataclass(frozen=True, slots=True)
class InsertBatch:
    """Records of one topic that are inserted together."""

    topic: Topic
    batches: Sequence[RawBatch]  # one batch for each partition
    partitions: Sequence[AssignedPartition]  # the partition of each batch
    size: int  # bytes they take

    @property
    def records(self) -> int:
        """How many records."""
        return sum(map(len, self.batches))


class TopicBuffer:
    """Records of one topic, by partition."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.rows = 0
        self.size = 0  # bytes
        self.since = 0.0  # when the first record came after the last `take`, or when that was (monotonic seconds)
        self._buffers: dict[int, PartitionBuffer] = {}

    def add_messages(self, partition: AssignedPartition, messages: Sequence[Message], now: float) -> int:
        """Take messages of one partition, in offset order; returns their bytes."""
        buffer = self._buffers.get(partition.partition)
        if buffer is None or buffer.partition is not partition:
            self._drop(partition.partition)
            buffer = self._buffers[partition.partition] = PartitionBuffer(partition)
        keys, values = list(map(Message.key, messages)), list(map(Message.value, messages))
        buffer.offsets.extend(map(Message.offset, messages))  # type: ignore[arg-type]  # a message without error has an offset
        buffer.timestamps.extend(stamp for _kind, stamp in map(Message.timestamp, messages))
        buffer.keys.extend(keys)
        buffer.values.extend(values)
        size = len(messages) * _OVERHEAD_BYTES + sum(map(len, filter(None, chain(keys, values))))
        if self.rows == 0:
            self.since = now
        buffer.size += size
        self.rows += len(messages)
        self.size += size
        return size

    def take(self, limit: int, now: float) -> InsertBatch:
        """Remove at most `limit` records, of one partition after another; the waiting time of the rest starts again."""
        parts: list[tuple[AssignedPartition, RawBatch, int]] = []
        for buffer in self._buffers.values():
            part = buffer.take(limit) if buffer.partition.held else None
            if part is not None:
                batch, size = part
                parts.append((buffer.partition, batch, size))
                limit -= len(batch)
        self._buffers = {
            number: buffer for number, buffer in self._buffers.items() if buffer.offsets and buffer.partition.held
        }
        self.rows = sum(len(buffer.offsets) for buffer in self._buffers.values())
        self.size = sum(buffer.size for buffer in self._buffers.values())
        self.since = now
        partitions, batches, sizes = zip(*parts, strict=True) if parts else ((), (), ())
        return InsertBatch(self.topic, batches, partitions, sum(sizes))

    def drop_released(self) -> None:
        """Forget the records of partitions that are no longer ours: their next owner reads them."""
        for number in [number for number, buffer in self._buffers.items() if not buffer.partition.held]:
            self._drop(number)

    def _drop(self, number: int) -> None:
        buffer = self._buffers.pop(number, None)
        if buffer is not None:
            self.rows -= len(buffer.offsets)
            self.size -= buffer.size
