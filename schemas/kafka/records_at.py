"""Reading single records by their place in the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from schemas.errors import Unavailable
from schemas.kafka.client_errors import PARTITION_END, may_succeed_later, refusal
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.log_ranges import log_ranges, reported_ranges
from schemas.kafka.topic_reader import open_reader
from schemas.topics import Topic

Place = tuple[int, int]
"""Number of a partition and offset."""

_PATIENCE_S = 10.0


def read_records_at(connection: KafkaConnection, topic: Topic, places: Iterable[Place]) -> Mapping[Place, Message]:
    """The records at these places of an existing topic, and no other; places that hold no record are left out.

    Raises:
        Unavailable: Kafka does not answer.
        SystemFault: Kafka does not let us read the topic.
    """
    name = connection.topic_name(topic)
    consumer = open_reader(connection, "hailong-record-reader")
    try:
        found = {place: _record_at(consumer, name, place) for place in places}
    except KafkaException as exception:
        error = exception.args[0]
        if fault := refusal(error, connection.bootstrap_servers, f"grant READ on {name}"):
            raise fault from exception
        raise Unavailable(f"Kafka does not give a record of {name} ({error.name()})") from exception
    finally:
        consumer.close()
    return {place: message for place, message in found.items() if message is not None}


def _record_at(consumer: Consumer, name: str, place: Place) -> Message | None:
    partition, offset = place
    one = (name, partition)
    low, end = reported_ranges(consumer, [one], _PATIENCE_S)[one]
    if offset >= end:  # that answer may be too low
        low, end = log_ranges(consumer, [one], _PATIENCE_S)[one]
    if not low <= offset < end:
        return None  # not every broker answers to such an offset
    consumer.assign([TopicPartition(name, partition, offset)])
    try:
        while (message := consumer.poll(_PATIENCE_S)) is not None:
            error = message.error()
            if error is None:
                # The first record decides: where the offset holds none, or just lost it, Kafka begins elsewhere.
                return message if message.offset() == offset else None
            if error.code() == PARTITION_END:
                return None
            if not may_succeed_later(error):
                raise KafkaException(error)
    finally:
        consumer.unassign()
    raise Unavailable(f"Kafka sent nothing of {name}[{partition}] for {_PATIENCE_S:g} s")
