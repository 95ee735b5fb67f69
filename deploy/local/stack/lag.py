"""How far a consumer group is behind, seen from outside it.

The embedded broker reports as end offset the first offset of the last batch plus one, so up to a whole batch would be
overlooked. So when a group seems to have no lag, the last batch is read to find the true end.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.errors import Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic

TIMEOUT_S = 10.0

_PAUSE_S = 0.1
_COORDINATOR_NOT_READY = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
}
"""Apache Kafka answers so for about a second when a group is new, and after a broker was lost."""

_Partition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Lag:
    """The lag of a group at one moment.

    Attributes:
        written: Sum of the end offsets: how many records were ever written to its topics. May miss the newest batches
            while `behind` is not 0.
        behind: Records that the group has not committed. 0 is exact.
    """

    written: int
    behind: int


class GroupLag:
    """Reads the committed offsets of one group without joining it.

    Args:
        connection: The cluster.
        group: The group.
        topics: What it reads.
    """

    def __init__(self, connection: KafkaConnection, group: str, topics: Iterable[Topic]) -> None:
        self._names = [topic.value.name(connection.topic_prefix) for topic in topics]
        settings = {"enable.partition.eof": True, "fetch.wait.max.ms": 10, "log_level": 0}
        self._consumer = Consumer({**connection.consumer_config(group), **settings})

    def __enter__(self) -> Self:
        """Does nothing: the first call of `look` connects."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._consumer.close()

    def look(self) -> Lag:
        """The present lag.

        Raises:
            Unavailable: Kafka does not answer.
        """
        try:
            committed = self._committed()
            bounds = {_key(one): self._bounds(one) for one in committed}
            reported = _lag(committed, bounds)
            if reported.behind:
                return reported
            ends = self._read_ends({key: high for key, (_low, high) in bounds.items() if high > 0})
            return _lag(committed, {key: (low, ends.get(key, high)) for key, (low, high) in bounds.items()})
        except KafkaException as error:
            raise Unavailable(f"Kafka does not report the offsets of the consumers: {error.args[0].str()}") from error

    def _committed(self) -> Sequence[TopicPartition]:
        wanted = [
            TopicPartition(name, partition)
            for name in self._names
            for partition in self._consumer.list_topics(name, timeout=TIMEOUT_S).topics[name].partitions
        ]
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                found: Sequence[TopicPartition] = self._consumer.committed(wanted, timeout=TIMEOUT_S)
            except KafkaException as error:
                if error.args[0].code() not in _COORDINATOR_NOT_READY or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_S)
            else:
                return found

    def _bounds(self, partition: TopicPartition) -> tuple[int, int]:
        bounds = self._consumer.get_watermark_offsets(partition, timeout=TIMEOUT_S, cached=False)
        assert bounds is not None  # with cached=False it raises instead
        return bounds

    def _read_ends(self, reported: Mapping[_Partition, int]) -> Mapping[_Partition, int]:
        """The true end offsets: reads from the last known record until every partition reports its end."""
        ends = dict(reported)
        open_ends = set(reported)
        self._consumer.assign([TopicPartition(name, number, high - 1) for (name, number), high in reported.items()])
        deadline = time.monotonic() + TIMEOUT_S
        try:
            while open_ends and time.monotonic() < deadline:
                for message in self._consumer.consume(10_000, timeout=0.2):
                    key, error = (message.topic() or "", message.partition() or 0), message.error()
                    if error is None:
                        ends[key] = max(ends[key], (message.offset() or 0) + 1)
                    elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 librdkafka's own codes are named so
                        open_ends.discard(key)
                    else:
                        raise KafkaException(error)
        finally:
            self._consumer.unassign()
        return ends


def _key(partition: TopicPartition) -> _Partition:
    return partition.topic, partition.partition


def _lag(committed: Sequence[TopicPartition], bounds: Mapping[_Partition, tuple[int, int]]) -> Lag:
    behind = 0
    for one in committed:
        low, high = bounds[_key(one)]
        done = one.offset if one.offset >= 0 else low  # never committed: it will begin at the start
        behind += max(0, high - max(done, low))
    return Lag(sum(high for _low, high in bounds.values()), behind)
