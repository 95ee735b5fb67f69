"""Reading a topic as it stands, from its beginning or only its tail: no group, nothing committed."""

from __future__ import annotations

import time
from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.errors import SystemFault, Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import QUIET, REFUSED
from schemas.topics import Topic

_CHUNK = 5000
_PATIENCE_S = 0.1
_SILENCE_S = 30.0


def read_topic(connection: KafkaConnection, topic: Topic, *, tail: int | None = None) -> Iterator[Message]:
    """Every record that a topic holds now, partition by partition in order.

    Args:
        connection: The cluster.
        topic: The topic.
        tail: At most about so many records of each partition, the latest; None for all.

    Raises:
        Unavailable: Kafka did not answer, or stopped answering.
        SystemFault: The topic does not exist, or Kafka does not let us read it.
    """
    name = topic.value.name(connection.topic_prefix)
    # The group is a name that nothing is committed to: librdkafka wants one.
    settings = connection.consumer_config("hailong-dead-letter-reader")
    # At the end of a partition the broker would hold a fetch back for half a second.
    reading = {"enable.partition.eof": True, "fetch.wait.max.ms": 20}
    consumer = Consumer({**settings, **reading}, logger=QUIET)
    try:
        consumer.assign(_starts(consumer, name, tail))
        yield from _until_the_end(consumer, name)
    except KafkaException as exception:
        error = exception.args[0]
        if error.code() in REFUSED:
            raise SystemFault(f"Kafka does not let this user read {name} ({error.name()})") from exception
        raise Unavailable(f"cannot read {name} ({error.name()})") from exception
    finally:
        consumer.close()


def _starts(consumer: Consumer, name: str, tail: int | None) -> list[TopicPartition]:
    partitions = consumer.list_topics(name, timeout=_SILENCE_S).topics[name].partitions
    if not partitions:
        raise SystemFault(f"topic {name} does not exist: run `hailong topics create`, or check the topic prefix")
    starts = []
    for partition in sorted(partitions):
        low, high = consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=_SILENCE_S)
        starts.append(TopicPartition(name, partition, low if tail is None else max(low, high - tail)))
    return starts


def _until_the_end(consumer: Consumer, name: str) -> Iterator[Message]:
    """Records until all partitions ended and nothing more comes: not every broker's end offset is exact."""
    open_ = {(tp.topic, tp.partition) for tp in consumer.assignment()}
    deadline = time.monotonic() + _SILENCE_S
    while True:
        fetched = consumer.consume(_CHUNK, timeout=_PATIENCE_S)
        records = []
        for message in fetched:
            error = message.error()
            if error is None:
                records.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own error codes are written like this
                open_.discard((message.topic() or name, message.partition() or 0))
            elif not error.retriable():
                raise KafkaException(error)
        if records:
            deadline = time.monotonic() + _SILENCE_S
            yield from records
        elif not open_:
            return
        elif time.monotonic() > deadline:
            raise Unavailable(f"{name} sent nothing for {_SILENCE_S:g} s; is Kafka in good health?")
