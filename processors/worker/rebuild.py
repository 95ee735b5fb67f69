"""Rebuilding a view from the log: reading what was done before, and keeping quiet about it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from processors.stage import PartitionState, Stage
from processors.worker import metrics
from schemas.batch import RawBatch
from schemas.connection import KafkaConnection
from schemas.errors import HailongError, Unavailable
from schemas.topics import Topic

_log = structlog.get_logger(__name__)

_CHUNK = 20_000
_SILENCE_S = 60.0
_PATIENCE_S = 0.2


class RebuildInterrupted(HailongError):
    """A rebalance or a shutdown came; the partition may no longer be ours."""


class Rebuilder:
    """Builds the state of a partition by reading its input topics from their beginning.

    Args:
        connection: The cluster.
        stage: The stage.
        interrupted: Set when the work should stop.
    """

    def __init__(self, connection: KafkaConnection, stage: Stage, interrupted: threading.Event) -> None:
        self._connection = connection
        self._stage = stage
        self._interrupted = interrupted

    def rebuild(self, partition: int, bounds: Mapping[Topic, int]) -> PartitionState:
        """A state that has absorbed every record below the bounds, and nothing else.

        The bounds are the offsets below which everything is done, that is, all outputs are acknowledged; so outputs are
        discarded here. A record at or above its bound must not be absorbed: it would look like a duplicate when it
        comes, and its output would be lost.

        Args:
            partition: Partition number, the same in all inputs.
            bounds: For each input the offset to stop before; a topic without one is not read.

        Raises:
            RebuildInterrupted: It was told to stop.
            Unavailable: Kafka did not send what it has.
        """
        started = time.monotonic()
        state = self._stage.new_state(partition)
        count = 0
        for topic in self._stage.inputs:
            bound = bounds.get(topic, 0)
            if bound > 0:
                count += self._replay(state, topic, partition, bound)
        seconds = time.monotonic() - started
        metrics.REBUILDS.labels(self._stage.name).inc()
        metrics.REBUILD_RECORDS.labels(self._stage.name).inc(count)
        metrics.REBUILD_SECONDS.labels(self._stage.name).observe(seconds)
        _log.info("view_rebuilt", stage=self._stage.name, partition=partition, records=count, seconds=round(seconds, 3))
        return state

    def _replay(self, state: PartitionState, topic: Topic, partition: int, bound: int) -> int:
        count = 0
        for run in self._read(topic.value.name(self._connection.topic_prefix), partition, bound):
            state.absorb(raw_batch(topic, partition, run))
            count += len(run)
        return count

    def _read(self, name: str, partition: int, bound: int) -> Iterator[Sequence[KafkaMessage]]:
        """Runs of records below `bound`, from the beginning of the partition."""
        # The group is a name that nothing is committed to: librdkafka wants one.
        settings = self._connection.consumer_config(f"hailong-rebuild-{self._stage.name}")
        consumer = Consumer({**settings, "enable.partition.eof": True, "queued.max.messages.kbytes": 16_384})
        try:
            tp = TopicPartition(name, partition)
            low, _high = consumer.get_watermark_offsets(tp, timeout=_SILENCE_S)
            if low >= bound:
                return
            consumer.assign([TopicPartition(name, partition, low)])
            yield from self._runs(consumer, name, low, bound)
        except KafkaException as exception:
            raise Unavailable(f"cannot read {name}[{partition}] again ({exception.args[0].name()})") from exception
        finally:
            consumer.close()

    def _runs(self, consumer: Consumer, name: str, low: int, bound: int) -> Iterator[Sequence[KafkaMessage]]:
        deadline, position = time.monotonic() + _SILENCE_S, low
        while True:
            if self._interrupted.is_set():
                raise RebuildInterrupted(f"rebuild of {self._stage.name} interrupted")
            # Never more than is left: `consume` waits for the whole number.
            fetched = consumer.consume(min(_CHUNK, bound - position), timeout=_PATIENCE_S)
            ended = any(message.error() is not None for message in fetched) and _at_end(fetched)
            records = [message for message in fetched if message.error() is None]
            below = [message for message in records if _offset(message) < bound]
            if below:
                yield below
            if ended or (records and _offset(records[-1]) >= bound - 1):
                return
            if records:
                position = _offset(records[-1]) + 1
                deadline = time.monotonic() + _SILENCE_S
            elif time.monotonic() > deadline:
                raise Unavailable(f"{name} sent nothing for {_SILENCE_S:g} s below offset {bound}")


def _at_end(fetched: Sequence[KafkaMessage]) -> bool:
    """Whether the end of the partition was reached.

    Raises:
        KafkaException: Something else is wrong.
    """
    for message in fetched:
        error = message.error()
        if error is None:
            continue
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own error codes are written like this
            return True
        if not error.retriable():
            raise KafkaException(error)
    return False


def _offset(message: KafkaMessage) -> int:
    offset = message.offset()
    assert offset is not None  # a record, not an error, has one
    return offset


def raw_batch(topic: Topic, partition: int, records: Sequence[KafkaMessage]) -> RawBatch:
    """Records of confluent-kafka as a batch."""
    return RawBatch(
        topic,
        partition,
        [_offset(record) for record in records],
        [record.timestamp()[1] for record in records],
        [record.key() for record in records],
        [record.value() for record in records],
    )
