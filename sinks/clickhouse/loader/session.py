"""One membership in the consumer group: reading, handing over, committing.

State of an offset                       may be committed
---------------------------------------  ----------------------------------------------------------------
read, in a buffer                        no
handed to the writer                     no
acknowledged by ClickHouse, and dead     yes, while its lease is held
letters by Kafka
lease revoked                            what was acknowledged before, once more, then never again
lease lost                               never: another member already reads it

A committed offset counts only with the claim of this log and this database in its metadata (`epochs`). Otherwise the
partition is read from its beginning: the topic was made anew, or the database was, or somebody reset the offsets.
Reading again changes nothing.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.connection import KafkaConnection
from schemas.errors import OutcomeUnknown, SystemFault, Unavailable
from schemas.topics import Topic
from sinks.clickhouse.loader.buffers import Buffers, Lease, Parcel
from sinks.clickhouse.loader.epochs import Log
from sinks.clickhouse.loader.monitor import SinkMonitor
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.loader.writer import Writer
from sinks.topic_identity import QUIET, REFUSED, TopicsMissing

log = structlog.get_logger(__name__)

_POLL_S = 0.1
_FETCH_RECORDS = 10_000
_WRITER_PARCELS = 2
"""Parcels that may wait for the writer: one is stored while the next is ready."""


class Session:
    """One membership in the group, from joining to leaving.

    Args:
        connection: Kafka.
        options: Sizes and pauses.
        writer: Stores parcels.
        identify: Gives the present logs of all topics, patiently; called at each assignment.
        peek: Gives them at once or raises; called now and then.
        reached: Gives the offset after the last stored record of a log's partition.
        monitor: Is told about progress.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        options: SinkOptions,
        writer: Writer,
        identify: Callable[[], Mapping[Topic, Log]],
        peek: Callable[[], Mapping[Topic, Log]],
        reached: Callable[[Log, int], int],
        monitor: SinkMonitor,
    ) -> None:
        self._options = options
        self._writer = writer
        self._identify = identify
        self._peek = peek
        self._reached = reached
        self._monitor = monitor
        self._names = {topic.value.name(connection.topic_prefix): topic for topic in Topic}
        self._logs: Mapping[Topic, Log] = {}
        self._leases: dict[tuple[str, int], Lease] = {}
        self._buffers = Buffers()
        self._paused = False
        self._refused: list[KafkaError] = []
        self._next_commit = self._next_look = 0.0
        self._next_identity_check = time.monotonic() + options.identity_check_s
        self._consumer = Consumer(self._settings(connection))

    def _settings(self, connection: KafkaConnection) -> dict[str, Any]:
        settings: dict[str, Any] = {
            **connection.consumer_config(self._options.group),
            "queued.max.messages.kbytes": 32 * 1024,
            "fetch.message.max.bytes": 4 * 1024 * 1024,
            "error_cb": self._on_error,
            "logger": QUIET,
        }
        if self._options.group_instance_id is not None:
            settings["group.instance.id"] = self._options.group_instance_id
        return settings

    def run(self, stop: threading.Event) -> bool:
        """Read until told to stop or until a topic was made anew.

        Returns:
            Whether a new session is wanted.

        Raises:
            SystemFault: Only an operator can mend it.
            Unavailable: Kafka or ClickHouse did not answer at an assignment.
        """
        self._consumer.subscribe(
            list(self._names), on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )
        again = False
        try:
            while not stop.is_set() and not again:
                self._take(self._consumer.consume(_FETCH_RECORDS, _POLL_S))
                self._hand_over(everything=False)
                self._collect()
                self._balance()
                self._commit_in_time()
                self._look_in_time()
                again = self._made_anew_in_time()
            if not again:
                self._drain()
        finally:
            self._consumer.close()
        return again

    def _take(self, messages: Iterable[Message]) -> None:
        if self._refused:
            raise SystemFault(f"Kafka refused our credentials ({self._refused[0].name()}): check user and password")
        by_partition: defaultdict[tuple[str, int], list[Message]] = defaultdict(list)
        for message in messages:
            error = message.error()
            if error is None:
                by_partition[message.topic(), message.partition()].append(message)  # type: ignore[index]  # it has both
            else:
                self._complain(error)
        now = time.monotonic()
        for address, found in by_partition.items():
            lease = self._leases.get(address)
            if lease is not None:
                self._buffers[lease.topic].add(lease, found, now)

    def _complain(self, error: KafkaError) -> None:
        if error.code() in REFUSED:
            raise SystemFault(f"Kafka refuses to let us read ({error.name()}): grant READ on the topics and the group")
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            self._next_identity_check = 0.0  # deleted, perhaps to be made anew
        log.warning("consumer_error", error=error.name())

    def _hand_over(self, *, everything: bool) -> None:
        now = time.monotonic()
        for buffer in self._buffers.filled():
            parcels, _records, _bytes = self._writer.load
            full = buffer.rows >= self._options.flush_rows or buffer.size >= self._options.flush_bytes
            due = now - buffer.since >= self._options.flush_interval_s and not parcels
            # While the writer is busy, young buffers grow: fewer and larger inserts are what ClickHouse likes best.
            if everything or due or (full and parcels < _WRITER_PARCELS):
                parcel = buffer.take()
                if parcel.batches:
                    self._writer.submit(parcel, self._logs[buffer.topic])

    def _collect(self) -> None:
        for parcel in self._writer.finished():
            self._note(parcel)

    def _note(self, parcel: Parcel) -> None:
        for batch, lease in zip(parcel.batches, parcel.leases, strict=True):
            lease.done = batch.offsets[-1] + 1
        self._monitor.stored(parcel.topic.subject, parcel.records)

    def _balance(self) -> None:
        """Pause reading when buffers are full; polling goes on, so that the membership survives."""
        _parcels, _records, size = self._writer.load
        size += self._buffers.size
        limit = self._options.max_buffer_bytes
        if not self._paused and size > limit:
            self._paused = True
            self._consumer.pause(self._consumer.assignment())
            log.info("reading_paused", bytes=size)
        elif self._paused and size < limit // 2:
            self._paused = False
            self._consumer.resume(self._consumer.assignment())
            log.info("reading_resumed", bytes=size)

    def _commit_in_time(self) -> None:
        if time.monotonic() >= self._next_commit:
            self._next_commit = time.monotonic() + self._options.commit_interval_s
            self._commit(self._leases.values())

    def _commit(self, leases: Iterable[Lease]) -> None:
        offsets = []
        for lease in leases:
            if lease.held and lease.done is not None and lease.done != lease.committed:
                known = self._logs[lease.topic]
                offsets.append((lease, TopicPartition(known.name, lease.partition, lease.done, known.claim)))
        if not offsets:
            return
        try:
            self._consumer.commit(offsets=[offset for _lease, offset in offsets], asynchronous=False)
        except KafkaException as exception:
            # Not committed, so it is read again; what is stored twice is one row.
            log.warning("commit_failed", error=exception.args[0].name())
            return
        for lease, offset in offsets:
            lease.committed = offset.offset

    def _look_in_time(self) -> None:
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + 1.0
        lag = {}
        for (name, partition), lease in self._leases.items():
            low, high = self._consumer.get_watermark_offsets(TopicPartition(name, partition), cached=True)
            if high >= 0:
                lag[lease.topic.subject, partition] = high - (max(low, 0) if lease.done is None else lease.done)
        _parcels, records, size = self._writer.load
        self._monitor.looked(lag, records + self._buffers.rows, size + self._buffers.size, paused=self._paused)

    def _made_anew_in_time(self) -> bool:
        if not self._leases or time.monotonic() < self._next_identity_check:
            return False
        self._next_identity_check = time.monotonic() + self._options.identity_check_s
        try:
            present = self._peek()
        except (Unavailable, OutcomeUnknown, TopicsMissing) as error:
            log.warning("identity_check_failed", error=str(error))
            return False
        changed = [known.name for topic, known in self._logs.items() if present[topic].identity != known.identity]
        if changed:
            log.warning("topics_made_anew", topics=changed)
            for lease in self._leases.values():
                lease.held = False
        return bool(changed)

    def _drain(self) -> None:
        """Store what was read, commit, and let go; what takes too long is read again by the next."""
        self._hand_over(everything=True)
        if not self._writer.wait_idle(self._options.shutdown_timeout_s):
            log.warning("stopped_before_all_was_stored", records=self._writer.load[1])
        self._collect()
        self._commit(self._leases.values())

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._logs = self._identify()
        self._next_identity_check = time.monotonic() + self._options.identity_check_s
        committed = consumer.committed(partitions, timeout=self._options.connect_timeout_s)
        for known in committed:
            topic = self._names[known.topic]
            self._leases[known.topic, known.partition] = Lease(topic, known.partition)
            if known.error is not None:
                raise Unavailable(f"Kafka did not say what is committed ({known.error.name()})")
            if known.offset < 0 or not self._believed(self._logs[topic], known):
                known.offset = OFFSET_BEGINNING
        consumer.assign([TopicPartition(known.topic, known.partition, known.offset) for known in committed])
        self._paused = False
        self._monitor.entered("running")
        log.info("partitions_assigned", partitions=len(partitions))

    def _believed(self, present: Log, known: TopicPartition) -> bool:
        """Whether a committed offset was committed for this log and this database.

        A broker that keeps no metadata (Tansu 0.6) gives none back; then the rows themselves must bear the offset out.
        """
        if known.metadata:
            return known.metadata == present.claim
        return self._reached(present, known.partition) >= known.offset

    def _on_revoke(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Commit what is stored; what is only read is dropped and read by the next owner."""
        self._monitor.entered("rebalancing")
        if self._writer.load[0]:
            self._writer.wait_idle(self._options.revoke_timeout_s)
        for parcel in self._writer.finished_quietly():
            self._note(parcel)
        addresses = [(tp.topic, tp.partition) for tp in partitions]
        self._commit([self._leases[address] for address in addresses if address in self._leases])
        self._let_go(addresses)

    def _on_lost(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._monitor.entered("rebalancing")
        log.warning("partitions_lost", partitions=len(partitions))
        self._let_go([(tp.topic, tp.partition) for tp in partitions])

    def _let_go(self, addresses: Iterable[tuple[str, int]]) -> None:
        for address in addresses:
            lease = self._leases.pop(address, None)
            if lease is not None:
                lease.held = False
                self._buffers[lease.topic].drop([lease.partition])

    def _on_error(self, error: KafkaError) -> None:
        if error.code() in REFUSED:
            self._refused.append(error)
        else:
            log.warning("kafka_error", error=error.name())
