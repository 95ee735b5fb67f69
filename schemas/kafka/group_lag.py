"""How far a consumer group is behind, seen from outside it.

A subtraction of two offsets is not enough. The embedded broker reports as end offset the first offset of the last batch
plus one, so up to a whole batch would be overlooked. And the last offsets may hold no record that a group could commit:
markers of transactions, or what a transaction aborted. So before a group counts as behind or not, the log is read.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from schemas.errors import HailongError, SystemFault, Unavailable
from schemas.kafka.client_errors import COORDINATOR_NOT_READY, refusal
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.log_ranges import OffsetRange, first_records, log_ranges, reported_ranges
from schemas.kafka.topic_reader import Partition, open_reader
from schemas.topics import Topic

TIMEOUT_S = 10.0

_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Lag:
    """The lag of a group at one moment, in records.

    Attributes:
        written: Ever, to its topics; may miss the newest batches while `behind` is not 0.
        left: Not committed by the group, by partition; partitions without any are left out.
    """

    written: int
    left: Mapping[Partition, int]

    @property
    def behind(self) -> int:
        """Not committed by the group; 0 is exact if the look was."""
        return sum(self.left.values())


class GroupLag:
    """Reads the committed offsets of one group, which reads these topics, without joining it.

    A partition for which the group has committed nothing counts as not read at all.

    Args:
        connection: Kafka.
        group: The consumer group; it need not exist.
        topics: What it reads, upstream first: of two topics, records of the first lead to records of the second.
    """

    def __init__(self, connection: KafkaConnection, group: str, topics: Iterable[Topic]) -> None:
        self._servers = connection.bootstrap_servers
        self._group = group
        self._topics = {connection.topic_name(topic): topic for topic in topics}
        self._consumer = open_reader(connection, group)

    def __enter__(self) -> Self:
        """Does nothing: the first request connects."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._consumer.close()

    def look(self, *, exact: bool = True) -> Lag:
        """The present lag; if it is not to be exact, it may be 0 while the newest batch is not read.

        Raises:
            Unavailable: Kafka does not answer.
            SystemFault: Kafka does not let us ask.
        """
        partitions = self._partitions()
        committed = self._committed(partitions)
        ranges = reported_ranges(self._consumer, partitions, TIMEOUT_S)
        left = _uncommitted(committed, ranges)
        if exact and not left:
            ranges = log_ranges(self._consumer, partitions, TIMEOUT_S)
            left = _uncommitted(committed, ranges)
        return Lag(sum(end for _low, end in ranges.values()), left)

    def ends(self) -> Mapping[Partition, int]:
        """The true ends of all partitions now.

        Downstream topics are asked first. So of a record that lies below an end, whatever it was made from lies below
        an end too.

        Raises:
            Unavailable: Kafka does not answer.
            SystemFault: A topic does not exist.
        """
        found: dict[Partition, int] = {}
        for name in reversed(self._topics):
            ranges = log_ranges(self._consumer, self._partitions(name), TIMEOUT_S)
            found.update({one: end for one, (_low, end) in ranges.items()})
        return found

    def behind(self, ends: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """How many records below these ends the group has not committed; partitions without any are left out.

        At most so many: compacted records and markers of transactions count. A partition that is left out is exact.

        Raises:
            Unavailable: Kafka does not answer.
            SystemFault: Kafka does not let us ask.
        """
        lows = {one: low for one, (low, _high) in reported_ranges(self._consumer, ends, TIMEOUT_S).items()}
        left = _uncommitted(self._committed(ends), {one: (lows[one], end) for one, end in ends.items()})
        firsts = first_records(self._consumer, {one: ends[one] - count for one, count in left.items()}, TIMEOUT_S)
        return {one: ends[one] - first for one, first in firsts.items() if first < ends[one]}

    def topic(self, partition: Partition) -> Topic:
        """Which topic a partition belongs to."""
        return self._topics[partition[0]]

    def _partitions(self, *names: str) -> Sequence[Partition]:
        found: list[Partition] = []
        for name in names or self._topics:
            try:
                partitions = self._consumer.list_topics(name, timeout=TIMEOUT_S).topics[name].partitions
            except KafkaException as exception:
                raise self._fault(exception.args[0]) from exception
            if not partitions:
                raise SystemFault(f"topic {name} does not exist: run `hailong topics create`")
            found += [(name, number) for number in sorted(partitions)]
        return found

    def _committed(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        wanted = [TopicPartition(name, number) for name, number in partitions]
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            error: KafkaError | None = None
            try:
                known = self._consumer.committed(wanted, timeout=TIMEOUT_S)
            except KafkaException as exception:
                error = exception.args[0]
            else:
                error = next((one.error for one in known if one.error is not None), None)
            if error is None:
                return {(one.topic, one.partition): one.offset for one in known if one.offset >= 0}
            if error.code() not in COORDINATOR_NOT_READY or time.monotonic() > deadline:
                raise self._fault(error)
            time.sleep(_PAUSE_S)

    def _fault(self, error: KafkaError) -> HailongError:
        rights = f"grant DESCRIBE on its topics and on group {self._group}"
        return refusal(error, self._servers, rights) or Unavailable(
            f"Kafka does not tell how far group {self._group} is ({error.str()})"
        )


def _uncommitted(
    committed: Mapping[Partition, int], ranges: Mapping[Partition, OffsetRange]
) -> Mapping[Partition, int]:
    """How many offsets of ranges are not committed; partitions without any are left out."""
    found: dict[Partition, int] = {}
    for one, (low, end) in ranges.items():
        left = end - max(committed.get(one, low), low)  # never committed: it will begin at the start
        if left > 0:
            found[one] = left
    return found
