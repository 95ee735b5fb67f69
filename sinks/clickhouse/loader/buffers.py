"""Records that were read and not yet handed to the writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from confluent_kafka import Message

from schemas.batches.batch import RawBatch
from schemas.topics import STORED, Topic

_OVERHEAD_BYTES = 200
"""What Python needs for one record besides its bytes."""


@dataclass(slots=True)
class Lease:
    """One partition for as long as it is ours.

    Attributes:
        topic: Topic.
        partition: Partition.
        held: Whether it still is ours; offsets of a lease that ended are never committed.
        done: Offset after the last stored record; None while none is known to be stored.
        committed: What was last committed of it.
    """

    topic: Topic
    partition: int
    held: bool = True
    done: int | None = None
    committed: int | None = None


@dataclass(slots=True)
class PartitionBuffer:
    """Records of one partition that wait for their insert."""

    lease: Lease
    size: int = 0
    offsets: list[int] = field(default_factory=list)
    timestamps: list[int] = field(default_factory=list)
    keys: list[bytes | None] = field(default_factory=list)
    values: list[bytes | None] = field(default_factory=list)

    def take(self, most: int) -> tuple[RawBatch, int] | None:
        """The oldest records, at most so many, and the bytes counted for them; None where that is none."""
        count = min(most, len(self.offsets))
        if not count:
            return None
        columns: tuple[list[Any], ...] = (self.offsets, self.timestamps, self.keys, self.values)
        batch = RawBatch(self.lease.topic, self.lease.partition, *(column[:count] for column in columns))
        taken = self.size * count // len(self.offsets)
        for column in columns:
            del column[:count]
        self.size -= taken
        return batch, taken


@dataclass(frozen=True, slots=True)
class InsertBatch:
    """Records of one topic, handed to the writer as one.

    Attributes:
        topic: The topic.
        batches: One batch for each partition.
        leases: The lease of each batch.
        size: Bytes they take.
    """

    topic: Topic
    batches: Sequence[RawBatch]
    leases: Sequence[Lease]
    size: int

    @property
    def records(self) -> int:
        """How many records."""
        return sum(map(len, self.batches))


class TopicBuffer:
    """Records of one topic, by partition.

    Attributes:
        topic: The topic.
        rows: Records held.
        size: Bytes they take.
        since: When the first came since the last taking, or when that was (seconds of a monotonic clock).
    """

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.rows = 0
        self.size = 0
        self.since = 0.0
        self._lanes: dict[int, PartitionBuffer] = {}

    def add(self, lease: Lease, messages: Sequence[Message], now: float) -> None:
        """Take messages of one partition, in offset order."""
        lane = self._lanes.get(lease.partition)
        if lane is None or lane.lease is not lease:
            self.drop([lease.partition])
            lane = self._lanes[lease.partition] = PartitionBuffer(lease)
        keys, values = list(map(Message.key, messages)), list(map(Message.value, messages))
        lane.offsets.extend(map(Message.offset, messages))  # type: ignore[arg-type]  # a message without error has an offset
        lane.timestamps.extend(stamp for _kind, stamp in map(Message.timestamp, messages))
        lane.keys.extend(keys)
        lane.values.extend(values)
        size = len(messages) * _OVERHEAD_BYTES + sum(map(len, filter(None, chain(keys, values))))
        if self.rows == 0:
            self.since = now
        lane.size += size
        self.rows += len(messages)
        self.size += size

    def take(self, most: int, now: float) -> InsertBatch:
        """At most so many of the records, of one partition after another, as one parcel; what is left waits anew."""
        parts: list[tuple[Lease, RawBatch, int]] = []
        for lane in self._lanes.values():
            part = lane.take(most) if lane.lease.held else None
            if part is not None:
                batch, size = part
                parts.append((lane.lease, batch, size))
                most -= len(batch)
        self._lanes = {number: lane for number, lane in self._lanes.items() if lane.offsets and lane.lease.held}
        self.rows = sum(len(lane.offsets) for lane in self._lanes.values())
        self.size = sum(lane.size for lane in self._lanes.values())
        self.since = now
        leases, batches, sizes = zip(*parts, strict=True) if parts else ((), (), ())
        return InsertBatch(self.topic, batches, leases, sum(sizes))

    def drop(self, partitions: Iterable[int]) -> None:
        """Forget what was read of partitions that are no longer ours: their next owner reads it."""
        for partition in partitions:
            lane = self._lanes.pop(partition, None)
            if lane is not None:
                self.rows -= len(lane.offsets)
                self.size -= lane.size


class Buffers:
    """The buffers of all topics."""

    def __init__(self) -> None:
        self._topics = {topic: TopicBuffer(topic) for topic in STORED}

    def __getitem__(self, topic: Topic) -> TopicBuffer:
        """The buffer of one topic."""
        return self._topics[topic]

    @property
    def rows(self) -> int:
        """Records held."""
        return sum(buffer.rows for buffer in self._topics.values())

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(buffer.size for buffer in self._topics.values())

    def filled(self) -> Iterator[TopicBuffer]:
        """Buffers that hold anything, the fullest first."""
        yield from sorted((one for one in self._topics.values() if one.rows), key=lambda one: -one.size)
