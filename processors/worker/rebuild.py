"""Rebuilding a view: reading what was done before, and keeping quiet about it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from processors.stage import ImagedStage, Stage
from processors.worker import metrics
from processors.worker.snapshots import Snapshot, SnapshotStore
from processors.worker.views import View
from schemas.batch import RawBatch
from schemas.connection import KafkaConnection
from schemas.errors import HailongError, Unavailable
from schemas.topics import Topic

_log = structlog.get_logger(__name__)

_CHUNK = 20_000
_SILENCE_S = 60.0
_PATIENCE_S = 0.2
_FETCHING: Mapping[str, str | int | bool] = {
    "enable.partition.eof": True,
    "queued.max.messages.kbytes": 16_384,
    "fetch.message.max.bytes": 4 * 1024 * 1024,
}


class RebuildInterrupted(HailongError):
    """A rebalance or a shutdown came; the partition may no longer be ours."""


class Rebuilder:
    """Builds the view of a partition from its newest snapshot and the log after it, or from the log alone.

    Args:
        connection: The cluster.
        stage: The stage.
        interrupted: Set when the work should stop.
        snapshots: Where snapshots are; None for a stage or a worker without.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        stage: Stage,
        interrupted: threading.Event,
        snapshots: SnapshotStore | None = None,
    ) -> None:
        self._connection = connection
        self._stage = stage
        self._interrupted = interrupted
        self._snapshots = snapshots

    def rebuild(self, partition: int, bounds: Mapping[Topic, int], *, from_log: bool = False) -> View:
        """A view that has absorbed every record below the bounds, and nothing else.

        The bounds are the offsets below which everything is done, that is, all outputs are acknowledged; so outputs are
        discarded here. A record at or above its bound must not be absorbed: it would look like a duplicate when it
        comes, and its output would be lost.

        Args:
            partition: Partition number, the same in all inputs.
            bounds: For each input the offset to stop before; a topic without one is not read.
            from_log: No snapshot may be used: it would be of another log.

        Raises:
            RebuildInterrupted: It was told to stop.
            Unavailable: Kafka did not send what it has.
        """
        started = time.monotonic()
        snapshot = None if from_log or self._snapshots is None else self._snapshots.load(partition, bounds)
        view, known = self._begin(partition, snapshot), 0 if snapshot is None else snapshot.records
        for topic in self._stage.inputs:
            self._replay(view, topic, partition, bounds.get(topic, 0))
        view.next = {**dict.fromkeys(self._stage.inputs, 0), **bounds}
        seconds, count = time.monotonic() - started, view.records - known
        metrics.REBUILDS.labels(self._stage.name).inc()
        metrics.REBUILD_RECORDS.labels(self._stage.name).inc(count)
        metrics.REBUILD_SECONDS.labels(self._stage.name).observe(seconds)
        _log.info(
            "view_rebuilt",
            stage=self._stage.name,
            partition=partition,
            from_snapshot=known,
            from_log=count,
            seconds=round(seconds, 3),
        )
        return view

    def _begin(self, partition: int, snapshot: Snapshot | None) -> View:
        if snapshot is None or not isinstance(self._stage, ImagedStage):
            return View(self._stage.new_state(partition))
        state = self._stage.restored_state(partition, snapshot.image)
        return View(state, dict(snapshot.next), snapshot.records, snapshot.records)

    def _replay(self, view: View, topic: Topic, partition: int, bound: int) -> None:
        start = view.next.get(topic, 0)
        if start < bound:
            name = topic.value.name(self._connection.topic_prefix)
            for run in self._read(name, partition, start, bound):
                view.absorb(raw_batch(topic, partition, run))

    def _read(self, name: str, partition: int, start: int, bound: int) -> Iterator[Sequence[KafkaMessage]]:
        """Runs of records from `start`, or from the beginning where that is later, up to `bound`."""
        # The group is a name that nothing is committed to: librdkafka wants one.
        settings = self._connection.consumer_config(f"hailong-rebuild-{self._stage.name}")
        consumer = Consumer({**settings, **_FETCHING})
        tp = TopicPartition(name, partition)
        try:
            low, _high = consumer.get_watermark_offsets(tp, timeout=_SILENCE_S)
            first = max(low, start)
            if first >= bound:
                return
            consumer.assign([TopicPartition(name, partition, first)])
            yield from self._runs(consumer, name, first, bound)
        except KafkaException as exception:
            raise Unavailable(f"cannot read {name}[{partition}] again ({exception.args[0].name()})") from exception
        finally:
            consumer.close()

    def _runs(self, consumer: Consumer, name: str, first: int, bound: int) -> Iterator[Sequence[KafkaMessage]]:
        deadline, position = time.monotonic() + _SILENCE_S, first
        while position < bound:
            if self._interrupted.is_set():
                raise RebuildInterrupted(f"rebuild of {self._stage.name} interrupted")
            # Never more than is left: `consume` waits for the whole number.
            fetched = consumer.consume(min(_CHUNK, bound - position), timeout=_PATIENCE_S)
            records = [message for message in fetched if message.error() is None]
            if records:
                position = _offset(records[-1]) + 1
                deadline = time.monotonic() + _SILENCE_S
                if position > bound:
                    records = [record for record in records if _offset(record) < bound]
                yield records
            if len(records) < len(fetched) and _at_end(fetched):
                return
            if not records and time.monotonic() > deadline:
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
