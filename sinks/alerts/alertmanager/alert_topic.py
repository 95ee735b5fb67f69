"""The topic `alert` from its beginning, for one Alertmanager, and up to where that one is served.

The offset that is committed is not where reading goes on, for a view begins at the beginning: it is the offset before
which every alert that has ended was acknowledged. So a restart tells of exactly those ends that were not, however
long ago they were, and says nothing twice. The partition is assigned, not shared: a second process of the same group
sends the same alerts, which Alertmanager takes for one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, Message, TopicPartition

from schemas.errors import SystemFault, Unavailable
from schemas.kafka.client_errors import PARTITION_END, REFUSED
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic
from sinks.alerts.alert_consumer import commit, consumer_of, usable

log = structlog.get_logger(__name__)

_POLL_S = 0.2
_MOST_RECORDS = 1000
_ASK_AGAIN_S = 0.1
_COMMIT_AGAIN_S = 3600.0
"""Kafka forgets the offsets of a group without members a week after it last committed."""


class AlertTopic:
    """Reads the topic.

    Args:
        connection: Kafka.
        group: Where `done` is committed.
        timeout_s: How long Kafka may take to answer at the start.

    Raises:
        SystemFault: Credentials are refused.
        Unavailable: Kafka does not answer.
    """

    def __init__(self, connection: KafkaConnection, group: str, timeout_s: float) -> None:
        self._name = connection.topic_name(Topic.ALERT)
        self._consumer = consumer_of(connection, group, tell_end=True)
        self._committed_at = float("-inf")
        self.position = 0
        self.at_end = False
        try:
            self._committed = self._ask(timeout_s)
        except BaseException:
            self._consumer.close()
            raise
        self._consumer.assign([TopicPartition(self._name, 0, OFFSET_BEGINNING)])

    def _ask(self, timeout_s: float) -> int | None:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                found = self._consumer.committed([TopicPartition(self._name, 0)], timeout=timeout_s)[0]
            except KafkaException as exception:
                error: KafkaError = exception.args[0]
            else:
                return found.offset if found.offset >= 0 else None
            if error.code() in REFUSED:
                raise SystemFault(f"Kafka refuses us the group ({error.name()}): grant READ on it")
            if time.monotonic() > deadline:
                raise Unavailable(f"Kafka does not tell our offset after {timeout_s:g} s ({error.name()})")
            time.sleep(_ASK_AGAIN_S)

    def read(self) -> Sequence[Message]:
        """What came since the last call, after a fifth of a second at most.

        Raises:
            SystemFault: Kafka refuses to let us read.
        """
        first = self._consumer.poll(_POLL_S)
        messages = [] if first is None else [first, *self._consumer.consume(_MOST_RECORDS, timeout=0)]
        found = []
        for message in messages:
            error, offset = message.error(), message.offset()
            if error is not None and error.code() == PARTITION_END:
                self.at_end = True
                self.position = self.position if offset is None else max(offset, 0)
            elif usable(message):
                assert offset is not None
                self.position = offset + 1
                found.append(message)
        return found

    def begin(self) -> int:
        """Up to where an earlier run has finished; to be asked when all was read.

        A first run has finished nothing, but what had ended before it was never sent either. That is committed before
        anything is sent, or a crash would leave behind an alert of which the next run does not know that it was sent.

        Raises:
            Unavailable: Kafka does not take the first commit.
        """
        if self._committed is None:
            self.done(self.position)
            if self._committed is None:
                raise Unavailable("Kafka does not take our first commit")
        if self._committed > self.position:
            log.warning("topic_is_shorter_than_committed", committed=self._committed, end=self.position)
            return 0
        return self._committed

    def done(self, offset: int) -> None:
        """Commit that every alert that had ended before an offset was acknowledged, if that is news."""
        if offset == self._committed and time.monotonic() - self._committed_at < _COMMIT_AGAIN_S:
            return
        if commit(self._consumer, TopicPartition(self._name, 0, offset)):
            self._committed, self._committed_at = offset, time.monotonic()

    def close(self) -> None:
        """Let Kafka go."""
        self._consumer.close()
