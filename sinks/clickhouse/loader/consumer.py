"""One membership in the consumer group: reading, handing over, committing.

State of an offset                       may be committed
---------------------------------------  ----------------------------------------------------------------
read, in a buffer                        no
handed to the writer                     no
acknowledged by ClickHouse, and dead     yes, while its lease is held
letters by Kafka
lease revoked                            what was acknowledged before, once more, then never again
lease lost                               never: another member already reads it

Nothing here waits for ClickHouse, nor long for Kafka: whoever does not poll for `max.poll.interval.ms` is put out of
the group. So the writer has a thread of its own, and an assignment whose beginnings cannot be known yet, because
ClickHouse or a broker does not answer, is kept and tried again from the loop while polling goes on.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.errors import OutcomeUnknown, SystemFault, Unavailable
from schemas.kafka.client_errors import is_fatal, refusal
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET
from schemas.kafka.topic_metadata import TopicsMissing
from schemas.topics import STORED, Topic
from sinks.clickhouse.loader.buffers import Buffers, InsertBatch, Lease, TopicBuffer
from sinks.clickhouse.loader.insert_worker import Writer
from sinks.clickhouse.loader.log_epochs import Log
from sinks.clickhouse.loader.monitor import SinkMonitor
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.loader.start_offsets import beginnings
from sinks.clickhouse.loader.topic_logs import Logs

log = structlog.get_logger(__name__)

_POLL_S = 0.1
_PATIENCE_S = 2.0
"""How long buffers may be full, and Kafka not be asked, before reading is paused."""
_FETCH_RECORDS = 500
"""Taken at once. The messages of thousands are no longer in the processor's cache when their fields are asked for: each
would cost twice as much."""
_RECORD_BYTES = 1024
"""What a record is taken to need until the first was seen."""
_WRITER_PARCELS = 2
"""Parcels that may wait for the writer: one is stored while the next is ready."""


class Session:
    """One membership in the group, from joining to leaving.

    Args:
        connection: Kafka.
        options: Sizes and pauses.
        writer: Stores parcels.
        logs: Says which logs the topics stand for.
        monitor: Is told about progress.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        options: SinkOptions,
        writer: Writer,
        logs: Logs,
        monitor: SinkMonitor,
    ) -> None:
        self._servers = connection.bootstrap_servers
        self._options = options
        self._writer = writer
        self._asked = logs
        self._monitor = monitor
        self._names = {topic.value.name(connection.topic_prefix): topic for topic in STORED}
        self._logs: Mapping[Topic, Log] = {}
        self._arriving: list[TopicPartition] = []
        self._leases: dict[tuple[str, int], Lease] = {}
        self._buffers = Buffers()
        self._paused = False
        self._full_since: float | None = None
        self._record_size = _RECORD_BYTES
        self._ending = False
        self._faults: list[SystemFault] = []
        self._next_commit = self._next_look = self._next_attempt = 0.0
        self._next_identity_check = time.monotonic() + options.identity_check_s
        self._consumer = Consumer(self._settings(connection))

    def _settings(self, connection: KafkaConnection) -> dict[str, Any]:
        settings: dict[str, Any] = {
            **connection.consumer_config(self._options.group),
            # What librdkafka holds before we take it, all partitions together. One answer of each broker comes on top,
            # unpacked at once: by default 50 MB that may become ten times as much.
            "queued.max.messages.kbytes": 16 * 1024,
            "fetch.max.bytes": 1024 * 1024,
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
        """
        self._consumer.subscribe(
            list(self._names), on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )
        again = False
        try:
            while not stop.is_set() and not again:
                self._take(self._read())
                self._begin_in_time()
                self._hand_over(everything=False)
                self._collect()
                self._balance()
                self._commit_in_time()
                self._look_in_time()
                again = self._check_topic_recreated()
            if not again:
                self._drain()
        finally:
            self._ending = True
            self._consumer.close()
        return again

    def _held(self) -> int:
        """Bytes that are read and not stored."""
        return self._writer.load[2] + self._buffers.size

    def _room(self) -> int:
        """For how many records there is room if they are as large as those before; for one where nothing is held."""
        held = self._held()
        room = (self._options.max_buffer_bytes - held) // self._record_size
        return room if held else max(1, room)

    def _read(self) -> Sequence[Message]:
        """What has arrived, as far as there is room for it.

        Without room it waits for the writer, not for Kafka: to pause, as `_balance` does when that lasts, throws away
        what librdkafka has fetched already.
        """
        room = self._room()
        if room > 0 or self._paused:
            return self._consumer.consume(max(1, min(_FETCH_RECORDS, room)), _POLL_S)
        self._writer.wait_lighter(_POLL_S)
        return ()

    def _take(self, messages: Sequence[Message]) -> None:
        if self._faults:
            raise self._faults[0]
        by_partition: defaultdict[tuple[str, int], list[Message]] = defaultdict(list)
        for message in messages:
            error = message.error()
            if error is None:
                by_partition[message.topic(), message.partition()].append(message)  # type: ignore[index]  # it has both
            else:
                self._complain(error)
        now, held = time.monotonic(), self._buffers.size
        for address, found in by_partition.items():
            lease = self._leases.get(address)
            if lease is not None:
                self._buffers[lease.topic].add(lease, found, now)
        if self._buffers.size > held:
            self._record_size = (self._buffers.size - held) // len(messages)

    def _complain(self, error: KafkaError) -> None:
        if fault := refusal(error, self._servers, "grant READ on the topics and the group"):
            raise fault
        if is_fatal(error):
            raise _fatal(error)
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
            if due or (full and parcels < _WRITER_PARCELS):
                self._submit(buffer, now)
            while everything and buffer.rows:
                self._submit(buffer, now)

    def _submit(self, buffer: TopicBuffer, now: float) -> None:
        parcel = buffer.take(self._options.flush_rows, now)
        if parcel.batches:
            self._writer.submit(parcel, self._logs[buffer.topic])

    def _collect(self) -> None:
        for parcel in self._writer.finished():
            self._note(parcel)

    def _note(self, parcel: InsertBatch) -> None:
        for batch, lease in zip(parcel.batches, parcel.leases, strict=True):
            lease.done = batch.offsets[-1] + 1
        self._monitor.stored(parcel.topic.subject, parcel.records)

    def _balance(self) -> None:
        """Pause reading when buffers stay full; polling goes on, so that the membership survives."""
        size, now = self._held(), time.monotonic()
        if self._room() > 0:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = now
        elif not self._paused and now - self._full_since >= _PATIENCE_S:
            self._paused = True
            self._consumer.pause(self._consumer.assignment())
            log.info("reading_paused", bytes=size)
        if self._paused and size < self._options.max_buffer_bytes // 2:
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
        if self._arriving or time.monotonic() < self._next_look:
            return  # a lag that is not known yet must not pass for none
        self._next_look = time.monotonic() + 1.0
        lag = {}
        for (name, partition), lease in self._leases.items():
            low, high = self._consumer.get_watermark_offsets(TopicPartition(name, partition), cached=True)
            if high >= 0:
                lag[lease.topic.subject, partition] = high - max(low, lease.done or 0)
        _parcels, records, size = self._writer.load
        self._monitor.looked(lag, records + self._buffers.rows, size + self._buffers.size, paused=self._paused)

    def _check_topic_recreated(self) -> bool:
        if not self._leases or time.monotonic() < self._next_identity_check:
            return False
        self._next_identity_check = time.monotonic() + self._options.identity_check_s
        try:
            present = self._asked.present()
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
        stored = self._writer.wait_idle(self._options.shutdown_timeout_s)
        for parcel in self._writer.finished_quietly():
            self._note(parcel)
        self._commit(self._leases.values())
        if not stored:
            self._writer.raise_failure()
            log.warning("stopped_before_all_was_stored", records=self._writer.load[1])

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.assign([])  # nothing is fetched before it is known where to begin
        self._arriving, self._next_attempt = partitions, 0.0
        self._paused = False

    def _begin_in_time(self) -> None:
        """Begin to read what was assigned, as soon as Kafka and ClickHouse say where."""
        if not self._arriving or time.monotonic() < self._next_attempt:
            return
        try:
            logs = self._asked.present()
            starts = self._beginnings(logs)
        except (Unavailable, OutcomeUnknown, TopicsMissing) as error:
            self._next_attempt = time.monotonic() + self._options.retry_max_s / 10
            log.warning("partitions_wait_for_their_beginning", partitions=len(self._arriving), error=str(error))
            return
        self._logs, self._arriving = logs, []
        for start in starts:
            # What was committed is stored: without it all of a quiet partition would pass for lag.
            done = start.offset if start.offset >= 0 else None
            lease = Lease(self._names[start.topic], start.partition, done=done, committed=done)
            self._leases[start.topic, start.partition] = lease
        self._consumer.assign(starts)
        self._next_identity_check = time.monotonic() + self._options.identity_check_s
        self._monitor.entered("running")
        log.info("partitions_assigned", partitions=len(starts))

    def _beginnings(self, logs: Mapping[Topic, Log]) -> list[TopicPartition]:
        by_name = {known.name: known for known in logs.values()}
        timeout_s = self._options.connect_timeout_s
        return beginnings(self._consumer, self._arriving, by_name, self._asked.reached, timeout_s)

    def _on_revoke(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Commit what is stored; what is only read is dropped and read by the next owner."""
        self._monitor.entered("rebalancing")
        if self._writer.load[0] and not self._ending:
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
        self._arriving = []
        for address in addresses:
            lease = self._leases.pop(address, None)
            if lease is not None:
                lease.held = False
                self._buffers[lease.topic].drop([lease.partition])

    def _on_error(self, error: KafkaError) -> None:
        if fault := refusal(error, self._servers):
            self._faults.append(fault)
        elif is_fatal(error):
            self._faults.append(_fatal(error))
        else:
            log.warning("kafka_error", error=error.name())


def _fatal(error: KafkaError) -> SystemFault:
    """What librdkafka gives up on; the usual case is a second sink under the same name."""
    return SystemFault(
        f"Kafka put this sink out of its group for good ({error.str()}): "
        "two sinks must not have the same HAILONG_SINK_GROUP_INSTANCE_ID"
    )
