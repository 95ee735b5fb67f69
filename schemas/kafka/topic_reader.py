"""Reading topics without joining a group: partitions are assigned, and nothing is committed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from schemas.errors import SystemFault, Unavailable
from schemas.kafka.client_errors import PARTITION_END, refusal
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET
from schemas.topics import Topic

Partition = tuple[str, int]
"""Full name of a topic and number of a partition."""

_CHUNK = 5000
_PATIENCE_S = 0.1
_SILENCE_S = 30.0


def open_reader(connection: KafkaConnection, group: str) -> Consumer:
    """A consumer that reports the end of each partition assigned to it; nothing is committed to its group."""
    # At the end of a partition the broker would hold a fetch back for half a second.
    reading = {"enable.partition.eof": True, "fetch.wait.max.ms": 20, "logger": QUIET}
    return Consumer({**connection.consumer_config(group), **reading})


def read_topic(connection: KafkaConnection, topic: Topic, *, tail: int | None = None) -> Iterator[Message]:
    """Every record that a topic holds now, or about `tail` of the latest of each partition; in order by partition.

    Raises:
        Unavailable: Kafka did not answer, or stopped answering.
        SystemFault: The topic does not exist, or Kafka does not let us read it.
    """
    name = connection.topic_name(topic)
    consumer = open_reader(connection, "hailong-topic-reader")
    try:
        consumer.assign(start_offsets(consumer, name, tail, _SILENCE_S))
        yield from _until_the_end(consumer, name)
    except KafkaException as exception:
        error = exception.args[0]
        if fault := refusal(error, connection.bootstrap_servers, f"grant READ on {name}"):
            raise fault from exception
        servers = connection.bootstrap_servers
        raise Unavailable(f"Kafka at {servers} does not answer: cannot read {name} ({error.name()})") from exception
    finally:
        consumer.close()


def start_offsets(consumer: Consumer, name: str, tail: int | None, timeout_s: float) -> list[TopicPartition]:
    """The offset of each partition from which about `tail` records are left to read; None: from the beginning.

    Raises:
        KafkaException: Kafka does not answer, or refuses.
        SystemFault: The topic does not exist.
    """
    partitions = consumer.list_topics(name, timeout=timeout_s).topics[name].partitions
    if not partitions:
        raise SystemFault(f"topic {name} does not exist: run `hailong topics create`, or check the topic prefix")
    starts = []
    for partition in sorted(partitions):
        low, high = consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=timeout_s)
        starts.append(TopicPartition(name, partition, low if tail is None else max(low, high - tail)))
    return starts


def end_offsets(consumer: Consumer, last_offsets: Mapping[Partition, int], timeout_s: float) -> Mapping[Partition, int]:
    """The true end of each partition, by reading on from the last offset that the broker knows.

    The broker's own answer may be too low: Tansu 0.6 answers with the offset after the first record of the last batch.
    Records that are written meanwhile may be counted or not.

    Args:
        consumer: From `open_reader`.
        last_offsets: Where to start reading: the broker's end offset minus one.
        timeout_s: How long Kafka may take.

    Raises:
        Unavailable: Kafka does not give all ends in time.
    """
    ends: dict[Partition, int] = {}
    unfinished = set(last_offsets)
    deadline = time.monotonic() + timeout_s
    consumer.assign([TopicPartition(name, number, offset) for (name, number), offset in last_offsets.items()])
    try:
        while unfinished and (message := consumer.poll(timeout_s)) is not None:
            error, name, number, offset = message.error(), message.topic(), message.partition(), message.offset()
            if name is None or number is None or offset is None:
                continue
            if error is None:
                ends[name, number] = offset + 1
                if time.monotonic() > deadline:  # records arrive as fast as they are read
                    unfinished -= ends.keys()
            elif error.code() == PARTITION_END:
                ends[name, number] = offset
                unfinished.discard((name, number))
            else:
                raise Unavailable(f"Kafka does not give the end of {name}[{number}] ({error.name()})")
    finally:
        consumer.unassign()
    if unfinished:
        raise Unavailable("Kafka does not give the ends of all partitions")
    return ends


def _until_the_end(consumer: Consumer, name: str) -> Iterator[Message]:
    """Records until all partitions have ended and nothing more comes: not every broker's end offset is exact."""
    unfinished = {(tp.topic, tp.partition) for tp in consumer.assignment()}
    deadline = time.monotonic() + _SILENCE_S
    while True:
        records = []
        for message in consumer.consume(_CHUNK, timeout=_PATIENCE_S):
            error = message.error()
            if error is None:
                records.append(message)
            elif error.code() == PARTITION_END:
                unfinished.discard((message.topic() or name, message.partition() or 0))
            elif not error.retriable():
                raise KafkaException(error)
        if records:
            deadline = time.monotonic() + _SILENCE_S
            yield from records
        elif not unfinished:
            return
        elif time.monotonic() > deadline:
            raise Unavailable(f"{name} sent nothing for {_SILENCE_S:g} s: check that Kafka is healthy")
