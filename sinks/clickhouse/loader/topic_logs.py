"""Which logs the topics stand for, and how far ClickHouse holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import describe_topics
from schemas.topics import STORED, Topic
from sinks.clickhouse.client import session
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.loader.log_epochs import Log, identify
from sinks.clickhouse.loader.options import SinkOptions

Reached: TypeAlias = Mapping[tuple[str, int, int], int]
"""The offset after the last stored record, by subject, epoch and partition; what holds nothing is not in it."""

_REACHED = "SELECT topic, epoch, partition, max(offset) + 1 FROM log_position GROUP BY topic, epoch, partition"


class Logs:
    """Asks Kafka and ClickHouse once; every answer comes within a few `connect_timeout_s`, or an error does.

    Args:
        connection: Kafka.
        clickhouse: ClickHouse.
        options: Gives `connect_timeout_s`.
    """

    def __init__(self, connection: KafkaConnection, clickhouse: ClickHouseConnection, options: SinkOptions) -> None:
        self._connection = connection
        self._clickhouse = clickhouse
        self._timeout_s = options.connect_timeout_s
        self._known: dict[str, Log] = {}

    def present(self) -> Mapping[Topic, Log]:
        """The present log of every topic; ClickHouse is asked only about logs that this process has not met.

        Raises:
            Unavailable: Kafka or ClickHouse does not answer.
            OutcomeUnknown: ClickHouse's answer was lost.
            TopicsMissing: A topic does not exist.
        """
        facts = describe_topics(self._connection, STORED, self._timeout_s)
        strange = {topic: found for topic, found in facts.items() if found.identity not in self._known}
        if strange:
            with session(self._clickhouse, timeout_s=self._timeout_s) as client:
                self._known.update({found.identity: found for found in identify(client, strange).values()})
        return {topic: self._known[found.identity] for topic, found in facts.items()}

    def reached(self) -> Reached:
        """How far every log is stored, in one question.

        Raises:
            Unavailable: ClickHouse does not answer.
            OutcomeUnknown: Its answer was lost.
        """
        with session(self._clickhouse, timeout_s=self._timeout_s) as client:
            rows: list[tuple[str, int, int, int]] = client.execute(_REACHED)
        return {(topic, epoch, partition): offset for topic, epoch, partition, offset in rows}
