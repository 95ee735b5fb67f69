"""Which records Kafka holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from uuid import uuid4

from confluent_kafka import KafkaException, TopicPartition

from schemas.errors import Unavailable
from schemas.kafka.client_errors import PARTITION_END
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import TopicFacts
from schemas.kafka.topic_reader import end_offsets, open_reader
from schemas.topics import Topic

Range = tuple[int, int]
"""First offset and the offset after the last."""


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

    def ranges(self, facts: Mapping[Topic, TopicFacts]) -> Mapping[Topic, Mapping[int, Range]]:
        """The offsets that each partition holds now.

        Raises:
            Unavailable: The broker does not answer.
        """
        lows: dict[tuple[str, int], int] = {}
        last: dict[tuple[str, int], int] = {}
        for found in facts.values():
            for partition in range(found.partitions):
                low, high = self._watermarks(found.name, partition)
                lows[found.name, partition] = low
                if high > low:
                    last[found.name, partition] = high - 1
        ends = {**lows, **end_offsets(self._consumer, last, self._timeout_s)}
        return {
            topic: {number: (lows[found.name, number], ends[found.name, number]) for number in range(found.partitions)}
            for topic, found in facts.items()
        }

    def _watermarks(self, name: str, partition: int) -> Range:
        try:
            low, high = self._consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=self._timeout_s)
        except KafkaException as exception:
            raise Unavailable(
                f"Kafka does not tell which offsets {name}[{partition}] holds ({exception.args[0].name()})"
            ) from None
        return low, high

    def count_existing(self, name: str, partition: int, gaps: Iterable[Range]) -> int:
        """How many offsets of those ranges hold a record: compaction and control records leave some empty.

        Raises:
            Unavailable: The broker does not answer.
        """
        return sum(1 for gap in gaps for _offset in self._offsets_in(name, partition, gap))

    def _offsets_in(self, name: str, partition: int, gap: Range) -> Iterator[int]:
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
