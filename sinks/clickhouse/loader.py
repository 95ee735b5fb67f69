"""The ClickHouse loader: every topic into its table.

The order of one flush, and what holds if a step fails:

1. insert the rows and wait until ClickHouse has stored them; positions are recorded by ClickHouse in the same insert
2. send the dead letters and wait until Kafka has them
3. commit the offsets

If the process dies before 3, the records are read again and the same rows are inserted again: their identity and
version are the same, so they replace themselves. Nothing is committed that is not stored.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from schemas.batch import RawBatch, Reject
from schemas.codec import encoder
from schemas.connection import KafkaConnection
from schemas.dead_letters import dead_letter
from schemas.errors import SystemFault
from schemas.topics import Topic
from sinks import metrics
from sinks.clickhouse.blocks import BlockMaker
from sinks.clickhouse.buffers import TopicBuffer
from sinks.clickhouse.epochs import assign_epochs, topic_identities
from sinks.clickhouse.faults import as_hailong
from sinks.clickhouse.options import SinkOptions
from sinks.clickhouse.store import Abandoned, Store
from sinks.connection import ClickHouseConnection
from sinks.health import SinkHealth

_log = structlog.get_logger(__name__)

_POLL_S = 0.2
_FETCH = 20_000
_COMMIT_TRIES = 3


def run_sink(
    connection: KafkaConnection,
    clickhouse: ClickHouseConnection,
    options: SinkOptions,
    stop: threading.Event,
    health: SinkHealth | None = None,
) -> None:
    """Load every topic until `stop` is set; then store what was read, commit, and leave the group.

    Raises:
        SystemFault: ClickHouse or Kafka refuses for a reason that an operator must mend.
        Unavailable: Kafka does not answer at the start.
    """
    loader = Loader(connection, clickhouse, options, stop, health or SinkHealth(options.clock))
    try:
        loader.run()
    finally:
        loader.close()


class Loader:
    """One member of the sink's consumer group."""

    def __init__(
        self,
        connection: KafkaConnection,
        clickhouse: ClickHouseConnection,
        options: SinkOptions,
        stop: threading.Event,
        health: SinkHealth,
    ) -> None:
        self._connection = connection
        self._options = options
        self._stop = stop
        self._health = health
        self._names = {topic.value.name(connection.topic_prefix): topic for topic in Topic}
        self._buffers = {topic: TopicBuffer(topic) for topic in Topic}
        self._identities: dict[Topic, str] = {}
        self._epochs: dict[Topic, int] = {}
        self._lost = False
        self._storing = False
        self._in_callback = False
        self._store = Store(
            clickhouse,
            BlockMaker(options.writer_schemas),
            self._between_tries,
            timeout_s=options.insert_timeout_s,
            longest_pause_s=options.retry_pause_s,
        )
        self._encode = encoder(Topic.DEAD_LETTER.subject)
        self._producer = Producer(connection.producer_config())
        self._consumer = Consumer({**connection.consumer_config(options.group), **_FETCHING})

    def run(self) -> None:
        """Load until told to stop."""
        self._meet_logs()
        self._consumer.subscribe(
            list(self._names), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._on_lost
        )
        while not self._stop.is_set():
            self._take(self._consumer.consume(_FETCH, timeout=_POLL_S))
            self._flush_due()
            self._report()
        with suppress(Abandoned):
            self._flush_all()

    def _meet_logs(self) -> None:
        """Find out which logs the topics stand for today, and give each its epoch."""
        self._identities = topic_identities(self._connection)
        missing = [name for name, topic in self._names.items() if topic not in self._identities]
        if missing:
            raise SystemFault(f"topics are missing: {', '.join(missing)}; run `hailong topics create`")
        try:
            self._epochs = assign_epochs(self._store.client(), self._identities)
        except SystemFault:
            raise
        except Exception as error:
            raise as_hailong(error, "reading log_epoch") from error

    def _assigned(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        _log.info("partitions_assigned", count=len(partitions))
        self._lost = False
        if partitions:
            self._meet_logs()

    def _revoked(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Store and commit what was read of them, if ClickHouse answers; else it is read again by their next owner."""
        _log.info("partitions_revoked", count=len(partitions))
        if self._storing:
            self._lost = True
            return
        self._in_callback = True  # a rebalance waits for us: one try at storing, no repetitions
        try:
            with suppress(Abandoned):
                self._flush_all()
        finally:
            self._in_callback = False
        self._forget(partitions)

    def _on_lost(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """They belong to somebody else already: nothing of them may be committed."""
        _log.warning("partitions_lost", count=len(partitions))
        self._lost = True
        self._forget(partitions)

    def _forget(self, partitions: Sequence[TopicPartition]) -> None:
        for partition in partitions:
            self._buffers[self._names[partition.topic]].drop([partition.partition])

    def _take(self, messages: Sequence[Message]) -> None:
        now = self._options.clock()
        for message in messages:
            error = message.error()
            if error is None:
                self._buffers[self._names[message.topic() or ""]].add(message, now)
            elif error.fatal() or error.code() in _REFUSED:
                raise SystemFault(f"Kafka refuses to be read ({error.name()})")
            else:
                _log.info("kafka_says", error=error.name())

    def _flush_due(self) -> None:
        """Store the buffers that are full or old. Nothing is read meanwhile, so memory stays bounded."""
        options, now = self._options, self._options.clock()
        for buffer in self._buffers.values():
            full = buffer.records >= options.flush_records or buffer.size >= options.flush_bytes
            if buffer.records and (full or now - buffer.since >= options.flush_ms):
                try:
                    self._flush(buffer)
                except Abandoned:
                    return
        metrics.BUFFERED.set(sum(buffer.records for buffer in self._buffers.values()))

    def _flush_all(self) -> None:
        for buffer in self._buffers.values():
            if buffer.records:
                self._flush(buffer)

    def _flush(self, buffer: TopicBuffer) -> None:
        topic = buffer.topic
        batches = buffer.take()
        self._storing = True
        try:
            refused = self._store.store(batches, self._epochs[topic])
        finally:
            self._storing = False
        self._send_dead_letters(refused)
        self._commit(topic, batches)
        metrics.RECORDS.labels(topic.subject).inc(sum(map(len, batches)))
        self._health.progressed()

    def _send_dead_letters(self, refused: Sequence[tuple[RawBatch, Reject]]) -> None:
        """Set records aside; returns when Kafka has them."""
        name = Topic.DEAD_LETTER.value.name(self._connection.topic_prefix)
        failed: list[str] = []

        def delivered(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                failed.append(error.name())

        for batch, reject in refused:
            if batch.topic is Topic.DEAD_LETTER:
                # A dead letter that cannot be read must not beget another one without end.
                _log.error("dead_letter_unreadable", partition=batch.partition, offset=batch.offsets[reject.index])
                continue
            origin = batch.topic.value.name(self._connection.topic_prefix)
            letter = dead_letter(
                batch, reject, stage="sink", topic_name=origin, topic_identity=self._identities[batch.topic]
            )
            self._producer.produce(name, self._encode(letter.to_avro()), letter.key, on_delivery=delivered)
            metrics.DEAD_LETTERS.labels(batch.topic.subject, reject.reason).inc()
        while self._producer.flush(1.0):
            self._between_tries(0.0)
        if failed:
            raise SystemFault(f"Kafka refuses dead letters ({failed[0]})")

    def _commit(self, topic: Topic, batches: Sequence[RawBatch]) -> None:
        """Commit the ends of stored batches. If this fails they are read and stored again, which changes nothing."""
        name = topic.value.name(self._connection.topic_prefix)
        ends = [TopicPartition(name, batch.partition, batch.offsets[-1] + 1) for batch in batches]
        for _ in range(_COMMIT_TRIES):
            try:
                self._consumer.commit(offsets=ends, asynchronous=False)
            except KafkaException as exception:
                error = exception.args[0]
                _log.warning("commit_failed", topic=name, error=error.name())
                if not error.retriable():
                    return
            else:
                return

    def _between_tries(self, pause_s: float) -> None:
        """Stay in the group while ClickHouse is away: poll with everything paused.

        Raises:
            Abandoned: We are stopping, or the partitions went to somebody else.
        """
        if self._in_callback:
            raise Abandoned("a rebalance does not wait for ClickHouse")
        deadline = time.monotonic() + pause_s
        held = self._consumer.assignment()
        self._consumer.pause(held)
        try:
            while True:
                message = self._consumer.poll(0.05)
                if message is not None and message.error() is None:
                    raise SystemFault("Kafka sent a record of a paused partition")
                if self._stop.is_set() or self._lost:
                    raise Abandoned("stopped while ClickHouse was away")
                if time.monotonic() >= deadline:
                    return
        finally:
            still = {(tp.topic, tp.partition) for tp in self._consumer.assignment()}
            self._consumer.resume([tp for tp in held if (tp.topic, tp.partition) in still])

    def _report(self) -> None:
        """Lag of every partition, from what the consumer knows without asking."""
        if not self._health.report_due():
            return
        behind = 0
        for position in self._consumer.position(self._consumer.assignment()):
            low, high = self._consumer.get_watermark_offsets(position, cached=True)
            at = position.offset if position.offset >= 0 else low
            lag = max(0, high - at)
            topic = self._names[position.topic]
            metrics.LAG.labels(topic.subject, position.partition).set(lag)
            behind += lag
        self._health.reported(behind + sum(buffer.records for buffer in self._buffers.values()))

    def close(self) -> None:
        """Leave the group at once, so that others need not wait for the session to end."""
        self._consumer.close()
        self._store.close()


_FETCHING: dict[str, Any] = {
    "fetch.max.bytes": 32 * 1024 * 1024,
    "queued.max.messages.kbytes": 65_536,
    "enable.partition.eof": False,
    "partition.assignment.strategy": "range",
}
_REFUSED = frozenset(
    {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED, KafkaError._AUTHENTICATION}  # noqa: SLF001 - librdkafka's own error codes are written like this
)
