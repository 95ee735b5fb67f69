"""What every reader of the topic `alert` does with a message."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.batches.batch import RawBatch
from schemas.errors import SystemFault
from schemas.kafka.client_errors import REFUSED
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET
from schemas.readers.record_reader import RecordReader
from schemas.records import Alert
from schemas.topics import Topic

log = structlog.get_logger(__name__)


def consumer_of(connection: KafkaConnection, group: str, *, tell_end: bool = False) -> Consumer:
    """A consumer that says in our log what librdkafka would write to standard error.

    Args:
        connection: Kafka.
        group: Where offsets are committed.
        tell_end: Whether it gives a message with the error `_PARTITION_EOF` when all was read.
    """
    own = {"enable.partition.eof": tell_end, "logger": QUIET, "error_cb": _on_error}
    return Consumer({**connection.consumer_config(group), **own})


def _on_error(error: KafkaError) -> None:
    log.warning("kafka_error", error=error.name())


def usable(message: Message) -> bool:
    """Whether it is a record and not an error that passes.

    Raises:
        SystemFault: Kafka refuses to let us read.
    """
    error = message.error()
    if error is None:
        return True
    if error.code() in REFUSED:
        raise SystemFault(f"Kafka refuses to let us read ({error.name()}): grant READ on the topic and the group")
    log.warning("consumer_error", error=error.name())
    return False


def alerts_in(message: Message, reader: RecordReader[Alert]) -> Sequence[Alert]:
    """The alert of a message; none if it is unreadable, which is logged (the loader sets it aside).

    Raises:
        Unavailable: A schema registry that the alert needs does not answer.
    """
    offset, partition = message.offset(), message.partition()
    assert offset is not None
    assert partition is not None
    keys, values = [message.key()], [message.value()]
    records = reader.read(RawBatch(Topic.ALERT, partition, [offset], [message.timestamp()[1]], keys, values))
    for reject in records.rejects:
        log.error("alert_unreadable", offset=offset, reason=str(reject.reason))
    return [alert for _index, alert in records.accepted]


def commit(consumer: Consumer, position: TopicPartition) -> bool:
    """Say that everything before a position is done; whether Kafka took it. If not, all is done again after a start."""
    try:
        consumer.commit(offsets=[position], asynchronous=False)
    except KafkaException as exception:
        log.warning("commit_failed", error=exception.args[0].name())
        return False
    return True
