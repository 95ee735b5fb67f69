"""Which log each topic is now, and where reading of a partition begins.

A committed offset counts only if its metadata holds the claim of this log in this database (`log_epochs`). Otherwise
the partition is read from its beginning: the topic or the database was created again, or somebody reset the offsets.
Reading again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import describe_topics
from schemas.topics import STORED, Topic
from sinks.clickhouse.client import session
from sinks.clickhouse.cluster.replicas import synchronize
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.loader.log_epochs import TopicLog, identify
from sinks.clickhouse.loader.options import SinkOptions
from sinks.runtime.sink import AssignedPartition

StoredOffsets: TypeAlias = Mapping[tuple[str, int, int], int]
"""The offset after the last stored record, by subject, epoch and partition; partitions without records are missing."""

_STORED_OFFSETS = "SELECT topic, epoch, partition, max(offset) + 1 FROM log_position GROUP BY topic, epoch, partition"


class TopicLogs:
    """Asks Kafka and ClickHouse; every answer, or an error, comes within a few `connect_timeout_s`.

    Args:
        connection: Kafka.
        clickhouse: ClickHouse.
        options: Gives `connect_timeout_s`.
    """

    def __init__(self, connection: KafkaConnection, clickhouse: ClickHouseConnection, options: SinkOptions) -> None:
        self._connection = connection
        self._clickhouse = clickhouse
        self._timeout_s = options.connect_timeout_s
        self._known: dict[str, TopicLog] = {}

    def current(self) -> Mapping[Topic, TopicLog]:
        """The current log of every topic; ClickHouse is asked only about logs that this process does not know.

        Raises:
            Unavailable: Kafka or ClickHouse does not answer.
            OutcomeUnknown: ClickHouse's answer was lost.
            TopicsMissing: A topic does not exist.
        """
        facts = describe_topics(self._connection, STORED, self._timeout_s)
        unknown = {topic: found for topic, found in facts.items() if found.identity not in self._known}
        if unknown:
            with session(self._clickhouse, timeout_s=self._timeout_s) as client:
                self._known.update({found.identity: found for found in identify(client, unknown).values()})
        return {topic: self._known[found.identity] for topic, found in facts.items()}

    def distrust_foreign_offsets(self, partitions: Sequence[AssignedPartition], logs: Mapping[Topic, TopicLog]) -> None:
        """Begin at the beginning where the committed offset belongs to another log or database; mark offsets as ours.

        Args:
            partitions: At their committed offsets.
            logs: The current logs.

        Raises:
            Unavailable: ClickHouse did not answer.
            OutcomeUnknown: ClickHouse's answer was lost.
        """
        # A broker that keeps no metadata (Tansu 0.6) returns none; then the rows themselves must confirm the offset.
        bare = any(one.committed is not None and not one.metadata for one in partitions)
        stored = self._stored_offsets() if bare else {}
        for one in partitions:
            log = logs[one.topic]
            if not _is_ours(one, log, stored):
                one.position = one.done = one.committed = None
            one.metadata = log.claim

    def _stored_offsets(self) -> StoredOffsets:
        """How far ClickHouse holds every log, in one query."""
        with session(self._clickhouse, timeout_s=self._timeout_s) as client:
            synchronize(client, "log_position")
            rows = client.execute(_STORED_OFFSETS)
        return {(topic, epoch, partition): offset for topic, epoch, partition, offset in rows}


def _is_ours(partition: AssignedPartition, log: TopicLog, stored: StoredOffsets) -> bool:
    if partition.committed is None:
        return False
    if partition.metadata:
        return partition.metadata == log.claim
    return stored.get((log.topic.subject, log.epoch, partition.partition), 0) >= partition.committed
