"""Records that were read and not yet handed to the writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from confluent_kafka import Message

from schemas.batch import RawBatch
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
        done: Offset after the last stored record; None before the first.
        committed: What was last committed of it.
    """

    topic: Topic
    partition: int
    held: bool = True
    done: int | None = None
    committed: int | None = None


@dataclass(slots=True)
class _Lane:
    lease: Lease
    size: int = 0
    offsets: list[int] = field(default_factory=list)
    timestamps: list[int] = field(default_factory=list)
    keys: list[bytes | None] = field(default_factory=list)
    values: list[bytes | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Parcel:
    """Records of one topic, handed to the writer as one.

    Attributes:
        topic: The topic.
        batches: One batch for each partition.
        leases: The lease of each batch.
        size: Bytes they take.
    """

    topic: Topic
    batches: list[RawBatch]
    leases: list[Lease]
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
        since: When the oldest came (seconds of a monotonic clock).
    """

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.rows = 0
        self.size = 0
        self.since = 0.0
        self._lanes: dict[int, _Lane] = {}

    def add(self, lease: Lease, messages: Sequence[Message], now: float) -> None:
        """Take messages of one partition, in offset order."""
        lane = self._lanes.get(lease.partition)
        if lane is None or lane.lease is not lease:
            self.drop([lease.partition])
            lane = self._lanes[lease.partition] = _Lane(lease)
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

    def take(self) -> Parcel:
        """Everything, as one parcel; the buffer is empty afterwards."""
        lanes = [lane for lane in self._lanes.values() if lane.offsets and lane.lease.held]
        size = sum(lane.size for lane in lanes)
        parcel = Parcel(self.topic, [self._batch(lane) for lane in lanes], [lane.lease for lane in lanes], size)
        self._lanes, self.rows, self.size = {}, 0, 0
        return parcel

    def _batch(self, lane: _Lane) -> RawBatch:
        return RawBatch(self.topic, lane.lease.partition, lane.offsets, lane.timestamps, lane.keys, lane.values)

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
