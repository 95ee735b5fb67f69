"""How far a consumer group is behind, seen from outside it.

The embedded broker reports as end offset the first offset of the last batch plus one, so up to a whole batch would be
overlooked. So when a group seems to have no lag, the last batch is read to find the true end.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from confluent_kafka import KafkaException, TopicPartition

from schemas.errors import Unavailable
from schemas.kafka.client_errors import COORDINATOR_NOT_READY
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_reader import Partition, end_offsets, open_reader
from schemas.topics import Topic

TIMEOUT_S = 10.0

_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Lag:
    """The lag of a group at one moment, in records."""

    written: int  # ever, to its topics; may miss the newest batches while `behind` is not 0
    behind: int  # not committed by the group; 0 is exact


class GroupLag:
    """Reads the committed offsets of one group, which reads these topics, without joining it."""

    def __init__(self, connection: KafkaConnection, group: str, topics: Iterable[Topic]) -> None:
        self._names = [connection.topic_name(topic) for topic in topics]
        self._consumer = open_reader(connection, group)

    def __enter__(self) -> Self:
        """Does nothing: the first call of `look` connects."""
        return self

    def __exit__(self, *_: object) -> None:
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
            last = {key: high - 1 for key, (_low, high) in bounds.items() if high > 0}
            ends = end_offsets(self._consumer, last, TIMEOUT_S)
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
                if error.args[0].code() not in COORDINATOR_NOT_READY or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_S)
            else:
                return found

    def _bounds(self, partition: TopicPartition) -> tuple[int, int]:
        bounds = self._consumer.get_watermark_offsets(partition, timeout=TIMEOUT_S, cached=False)
        assert bounds is not None  # with cached=False it raises instead
        return bounds


def _key(partition: TopicPartition) -> Partition:
    return partition.topic, partition.partition


def _lag(committed: Sequence[TopicPartition], bounds: Mapping[Partition, tuple[int, int]]) -> Lag:
    behind = 0
    for one in committed:
        low, high = bounds[_key(one)]
        done = one.offset if one.offset >= 0 else low  # never committed: it will begin at the start
        behind += max(0, high - max(done, low))
    return Lag(sum(high for _low, high in bounds.values()), behind)
