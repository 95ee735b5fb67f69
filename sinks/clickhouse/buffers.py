"""Records that were read and not yet stored, by topic and partition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from confluent_kafka import Message

from schemas.batch import RawBatch
from schemas.topics import Topic


@dataclass(slots=True)
class TopicBuffer:
    """Records of one topic.

    Attributes:
        topic: The topic.
        since: When its oldest record was read, epoch milliseconds.
        records: How many it holds.
        size: Bytes of their values.
    """

    topic: Topic
    since: int = 0
    records: int = 0
    size: int = 0
    _partitions: dict[int, list[Message]] = field(default_factory=dict)

    def add(self, message: Message, now: int) -> None:
        """Keep a record."""
        if not self.records:
            self.since = now
        partition = message.partition()
        assert partition is not None
        self._partitions.setdefault(partition, []).append(message)
        self.records += 1
        self.size += len(message)

    def take(self) -> list[RawBatch]:
        """Everything it holds, a batch a partition; it is empty afterwards."""
        batches = [_batch(self.topic, partition, run) for partition, run in sorted(self._partitions.items())]
        self.clear()
        return batches

    def clear(self) -> None:
        """Forget everything: it will be read again."""
        self._partitions, self.records, self.size = {}, 0, 0

    def drop(self, partitions: Iterable[int]) -> None:
        """Forget the records of some partitions."""
        for partition in partitions:
            run = self._partitions.pop(partition, [])
            self.records -= len(run)
            self.size -= sum(map(len, run))


def _batch(topic: Topic, partition: int, run: list[Message]) -> RawBatch:
    return RawBatch(
        topic,
        partition,
        [message.offset() or 0 for message in run],
        [message.timestamp()[1] for message in run],
        [_bytes(message.key()) for message in run],
        [_bytes(message.value()) for message in run],
    )


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
