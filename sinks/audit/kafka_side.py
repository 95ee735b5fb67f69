"""Which records Kafka holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from uuid import uuid4

from confluent_kafka import TopicPartition

from schemas.errors import Unavailable
from schemas.kafka.client_errors import PARTITION_END
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.log_ranges import OffsetRange, log_ranges, reported_ranges
from schemas.kafka.topic_metadata import TopicFacts
from schemas.kafka.topic_reader import open_reader
from schemas.topics import Topic


class KafkaSide:
    """A consumer that joins no group and commits nothing.

    Args:
        connection: Kafka.
        timeout_s: How long the broker may take to answer.
    """

    def __init__(self, connection: KafkaConnection, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._consumer = open_reader(connection, f"hailong.audit.{uuid4()}")

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close()

    def ranges(self, facts: Mapping[Topic, TopicFacts]) -> Mapping[Topic, Mapping[int, OffsetRange]]:
        """The offsets that each partition holds now.

        Raises:
            Unavailable: The broker does not answer.
        """
        partitions = [(found.name, number) for found in facts.values() for number in range(found.partitions)]
        ranges = log_ranges(self._consumer, partitions, self._timeout_s)
        return {
            topic: {number: ranges[found.name, number] for number in range(found.partitions)}
            for topic, found in facts.items()
        }

    def written(self, facts: Mapping[Topic, TopicFacts]) -> Mapping[Topic, int]:
        """How many records each topic ever got, as the broker reports it: grows with each, but may be too low.

        Raises:
            Unavailable: The broker does not answer.
        """
        partitions = [(found.name, number) for found in facts.values() for number in range(found.partitions)]
        ranges = reported_ranges(self._consumer, partitions, self._timeout_s)
        return {
            topic: sum(ranges[found.name, number][1] for number in range(found.partitions))
            for topic, found in facts.items()
        }

    def count_existing(self, name: str, partition: int, gaps: Iterable[OffsetRange]) -> int:
        """How many offsets of those ranges hold a record: compaction and control records leave some empty.

        Raises:
            Unavailable: The broker does not answer.
        """
        return sum(1 for gap in gaps for _offset in self._offsets_in(name, partition, gap))

    def _offsets_in(self, name: str, partition: int, gap: OffsetRange) -> Iterator[int]:
        """Offsets of the records in a range."""
        start, end = gap
        self._consumer.assign([TopicPartition(name, partition, start)])
        while True:
            message = self._consumer.poll(self._timeout_s)
            if message is None:
                raise Unavailable(f"Kafka does not give the records of {name}[{partition}] from offset {start}")
            error, offset = message.error(), message.offset()
            if error is None and offset is not None:
                if offset >= end:
                    return
                yield offset
            elif error is not None and error.code() == PARTITION_END:
                return
            elif error is not None:
                raise Unavailable(f"Kafka does not give the records of {name}[{partition}] ({error.name()})")
