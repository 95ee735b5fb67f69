"""The loop of every sink: read, hand over, deliver, commit, leave.

State of a record                                  its offset may be committed
-------------------------------------------------  -----------------------------------------------------------
read, held by the sink                             no
delivered: the sink moved `done` past it           yes, while the partition is held
partition revoked                                  what was delivered before, once more, then never again
partition lost                                     never: another member already reads it

Nothing here waits for the destination, nor long for Kafka: a member that does not poll for `max.poll.interval.ms` is
expelled from the group. If it is not known yet where to begin, because a server does not answer, the assignment is
kept and tried again from the loop while polling goes on.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.errors import OutcomeUnknown, SystemFault, Unavailable
from schemas.kafka.client_errors import PARTITION_END, is_fatal, refusal
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET
from schemas.kafka.topic_metadata import TopicsMissing
from schemas.topics import Topic
from sinks.runtime.health import SinkMonitor
from sinks.runtime.sink import AssignedPartition, Backlog, Sink

log = structlog.get_logger(__name__)

_POLL_S = 0.1
_FULL_S = 2.0
"""For so long the backlog may be full, and Kafka not be asked, before reading is paused."""
_FETCH_RECORDS = 500
"""Taken at once. The fields of a message are read soon after: with thousands of messages they would no longer be in the
processor's cache, and each would cost twice as much."""
_RECORD_SIZE = 1024
"""Assumed size of a record until the first one was seen."""
_RECOMMIT_S = 3600.0
"""Kafka forgets the offsets of a group without members a week after the last commit."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a sink reads.

    Attributes:
        topics: The topics.
        group: Consumer group that commits.
        own_partitions: How many partitions of each topic this process reads for itself, sharing them with nobody;
            None: the members of the group share the partitions.
        settings: Further settings of librdkafka.
        commit_interval_s: Seconds between commits; 0 commits after each delivery.
        connect_timeout_s: Seconds that Kafka may take to tell committed offsets.
        retry_s: Seconds before the next attempt to begin with new partitions.
        revoke_timeout_s: Seconds that a rebalance waits for deliveries under way.
        shutdown_timeout_s: Seconds that a stop waits for the delivery of what was read.
        identity_check_s: Seconds between checks whether topics were deleted and created again.
    """

    topics: Collection[Topic]
    group: str
    own_partitions: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    commit_interval_s: float = 0.0
    connect_timeout_s: float = 10.0
    retry_s: float = 1.0
    revoke_timeout_s: float = 10.0
    shutdown_timeout_s: float = 8.0
    identity_check_s: float = 30.0


def run_loop(
    connection: KafkaConnection, reading: Reading, sink: Sink, monitor: SinkMonitor, stop: threading.Event
) -> None:
    """Deliver records until told to stop; then close the sink.

    Args:
        connection: Kafka.
        reading: What to read, and how.
        sink: Where records go.
        monitor: Is told about progress.
        stop: Set to stop.

    Raises:
        SystemFault: Only an operator can mend it: credentials, rights, or whatever the sink reports.
    """
    try:
        while SinkConsumer(connection, reading, sink, monitor).run(stop):
            monitor.entered_state("rebalancing")
    except BaseException:
        monitor.entered_state("failed")
        raise
    else:
        monitor.entered_state("stopped")
    finally:
        sink.close()


class SinkConsumer:
    """One consumer of Kafka, from joining the group to leaving it.

    Args:
        connection: Kafka.
        reading: What to read, and how.
        sink: Where records go.
        monitor: Is told about progress.
    """

    def __init__(self, connection: KafkaConnection, reading: Reading, sink: Sink, monitor: SinkMonitor) -> None:
        self._reading = reading
        self._sink = sink
        self._monitor = monitor
        self._servers = connection.bootstrap_servers
        self._names = {topic: connection.topic_name(topic) for topic in reading.topics}
        self._topics = {name: topic for topic, name in self._names.items()}
        self._arriving: list[TopicPartition] = []
        self._partitions: dict[tuple[str, int], AssignedPartition] = {}
        self._paused = False
        self._full_since: float | None = None
        self._record_size = _RECORD_SIZE
        self._ending = False
        self._faults: list[SystemFault] = []
        self._next_commit = self._next_recommit = self._next_look = self._next_start = 0.0
        self._next_identity_check = time.monotonic() + reading.identity_check_s
        self._consumer = Consumer(self._settings(connection))

    def _settings(self, connection: KafkaConnection) -> dict[str, Any]:
        return {
            **connection.consumer_config(self._reading.group),
            "enable.partition.eof": self._reading.own_partitions is not None,
            "error_cb": self._on_error,
            "logger": QUIET,
            **self._reading.settings,
        }

    def run(self, stop: threading.Event) -> bool:
        """Deliver until told to stop, or until a topic was created again.

        Returns:
            Whether a new consumer must take over.

        Raises:
            SystemFault: Only an operator can mend it.
        """
        self._join()
        again = False
        try:
            while not stop.is_set() and not again:
                self._add(self._read())
                self._start_partitions()
                self._sink.deliver()
                self._pause_or_resume()
                self._commit_in_time()
                self._observe_in_time()
                again = self._check_topics_recreated()
            if not again:
                self._drain()
        finally:
            self._ending = True
            self._consumer.close()
        return again

    def _join(self) -> None:
        names, count = list(self._topics), self._reading.own_partitions
        if count is None:
            self._consumer.subscribe(names, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost)
        else:
            self._arriving = [TopicPartition(name, number) for name in names for number in range(count)]

    def _room(self, backlog: Backlog) -> int:
        """For how many records there is room if they are as large as those before; at least 1 if nothing is held."""
        if backlog.limit is None:
            return _FETCH_RECORDS
        room = (backlog.limit - backlog.size) // self._record_size
        return room if backlog.size else max(1, room)

    def _read(self) -> Sequence[Message]:
        """What has arrived, as far as there is room for it.

        Without room this waits for the sink, not for Kafka. Pausing, as `_pause_or_resume` does when that lasts,
        discards what librdkafka has already fetched.
        """
        room = self._room(self._sink.backlog)
        if room > 0 or self._paused:
            return self._consumer.consume(max(1, min(_FETCH_RECORDS, room)), _POLL_S)
        self._sink.wait_for_room(_POLL_S)
        return ()

    def _add(self, messages: Sequence[Message]) -> None:
        if self._faults:
            raise self._faults[0]
        by_partition: defaultdict[tuple[str, int], list[Message]] = defaultdict(list)
        for message in messages:
            error = message.error()
            if error is None:
                by_partition[message.topic(), message.partition()].append(message)  # type: ignore[index]  # it has both
            else:
                self._handle_error(error, message)
        grown = 0
        for address, found in by_partition.items():
            partition = self._partitions.get(address)
            if partition is not None:
                grown += self._sink.add_records(partition, found)
                last: int = found[-1].offset()  # type: ignore[assignment]  # a message without error has one
                partition.position = max(partition.position or 0, last + 1)
        if grown:
            self._record_size = max(1, grown // len(messages))

    def _handle_error(self, error: KafkaError, message: Message) -> None:
        if error.code() == PARTITION_END:
            partition = self._partitions[message.topic(), message.partition()]  # type: ignore[index]  # it has both
            partition.position, partition.at_end = max(message.offset() or 0, 0), True
            return
        if fault := self._fault(error):
            raise fault
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            self._next_identity_check = 0.0  # deleted, perhaps to be created again
        log.warning("consumer_error", error=error.name())

    def _pause_or_resume(self) -> None:
        """Pause reading when the backlog stays full; polling goes on, so that the membership survives."""
        now, backlog = time.monotonic(), self._sink.backlog
        if self._room(backlog) > 0:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = now
        elif not self._paused and now - self._full_since >= _FULL_S:
            self._paused = True
            self._consumer.pause(self._consumer.assignment())
            log.info("reading_paused", bytes=backlog.size)
        if self._paused and (backlog.limit is None or 2 * backlog.size < backlog.limit):
            self._paused = False
            self._consumer.resume(self._consumer.assignment())
            log.info("reading_resumed", bytes=backlog.size)

    def _commit_in_time(self) -> None:
        if time.monotonic() >= self._next_commit:
            self._next_commit = time.monotonic() + self._reading.commit_interval_s
            self._commit(self._partitions.values())

    def _commit(self, partitions: Iterable[AssignedPartition]) -> None:
        now = time.monotonic()
        again = self._reading.own_partitions is not None and now >= self._next_recommit
        due, offsets = [], []
        for one in partitions:
            if one.held and one.done is not None and (again or one.done != one.committed):
                due.append(one)
                offsets.append(TopicPartition(self._names[one.topic], one.partition, one.done, one.metadata))
        if not due:
            return
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as exception:
            # Not committed: the records are read again, and delivered again.
            log.warning("commit_failed", error=exception.args[0].name())
            return
        self._next_recommit = now + _RECOMMIT_S
        for one, offset in zip(due, offsets, strict=True):
            one.committed = offset.offset

    def _observe_in_time(self) -> None:
        if self._arriving or time.monotonic() < self._next_look:
            return  # a lag that is not known yet must not count as none
        self._next_look = time.monotonic() + 1.0
        lag = {}
        for (name, number), partition in self._partitions.items():
            low, high = self._consumer.get_watermark_offsets(TopicPartition(name, number), cached=True)
            if high >= 0:
                lag[partition.topic.subject, number] = high - max(low, partition.done or 0)
        self._monitor.observed(lag, self._sink.backlog, paused=self._paused)

    def _check_topics_recreated(self) -> bool:
        if not self._partitions or time.monotonic() < self._next_identity_check:
            return False
        self._next_identity_check = time.monotonic() + self._reading.identity_check_s
        try:
            changed = self._sink.recreated_topics()
        except (Unavailable, OutcomeUnknown, TopicsMissing) as error:
            log.warning("identity_check_failed", error=str(error))
            return False
        if changed:
            log.warning("topics_made_anew", topics=list(changed))
            for partition in self._partitions.values():
                partition.held = False
        return bool(changed)

    def _drain(self) -> None:
        """Deliver what was read, commit, and leave; what takes too long is read again by the next owner."""
        delivered = self._sink.flush(self._reading.shutdown_timeout_s, everything=True)
        self._commit(self._partitions.values())
        if not delivered:
            self._sink.deliver()  # raises what has stopped the sink, if anything has
            log.warning("stopped_before_all_was_stored", records=self._sink.backlog.records)

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.assign([])  # nothing is fetched before it is known where to begin
        self._arriving, self._next_start = partitions, 0.0
        self._paused = False

    def _start_partitions(self) -> None:
        """Begin to read what was assigned, as soon as Kafka and the sink say where."""
        if not self._arriving or time.monotonic() < self._next_start:
            return
        try:
            arrived = self._committed_partitions()
            self._sink.start(arrived)
        except (Unavailable, OutcomeUnknown, TopicsMissing) as error:
            self._next_start = time.monotonic() + self._reading.retry_s
            log.warning("partitions_wait_for_their_beginning", partitions=len(self._arriving), error=str(error))
            return
        self._arriving, begin = [], []
        for one in arrived:
            name = self._names[one.topic]
            self._partitions[name, one.partition] = one
            offset = OFFSET_BEGINNING if one.position is None else one.position
            begin.append(TopicPartition(name, one.partition, offset))
        self._consumer.assign(begin)
        self._next_identity_check = time.monotonic() + self._reading.identity_check_s
        self._monitor.entered_state("running")
        log.info("partitions_assigned", partitions=len(arrived))

    def _committed_partitions(self) -> list[AssignedPartition]:
        """The arriving partitions, each at its committed offset."""
        try:
            committed = self._consumer.committed(self._arriving, timeout=self._reading.connect_timeout_s)
        except KafkaException as exception:
            raise self._translate_committed_error(exception.args[0]) from exception
        for known in committed:
            if known.error is not None:
                raise self._translate_committed_error(known.error)
        return [self._partition_at(known) for known in committed]

    def _partition_at(self, known: TopicPartition) -> AssignedPartition:
        # What is committed is delivered: otherwise all of a quiet partition would count as lag.
        offset = known.offset if known.offset >= 0 else None
        return AssignedPartition(
            self._topics[known.topic],
            known.partition,
            position=offset,
            done=offset,
            committed=offset,
            metadata=known.metadata or "",
        )

    def _on_revoke(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Commit what is delivered; what is only read is dropped and read by the next owner."""
        self._monitor.entered_state("rebalancing")
        self._sink.flush(0 if self._ending else self._reading.revoke_timeout_s, everything=False)
        addresses = [(one.topic, one.partition) for one in partitions]
        self._commit([self._partitions[address] for address in addresses if address in self._partitions])
        self._release(addresses)

    def _on_lost(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._monitor.entered_state("rebalancing")
        log.warning("partitions_lost", partitions=len(partitions))
        self._release([(one.topic, one.partition) for one in partitions])

    def _release(self, addresses: Iterable[tuple[str, int]]) -> None:
        self._arriving = []
        for address in addresses:
            partition = self._partitions.pop(address, None)
            if partition is not None:
                partition.held = False

    def _on_error(self, error: KafkaError) -> None:
        if fault := self._fault(error):
            self._faults.append(fault)
        else:
            log.warning("kafka_error", error=error.name())

    def _fault(self, error: KafkaError) -> SystemFault | None:
        """What an operator must mend; None for an error that passes."""
        if is_fatal(error):  # librdkafka gives up; usually a second sink has the same name
            return SystemFault(
                f"Kafka put this sink out of its group for good ({error.str()}): "
                "two sinks must not have the same HAILONG_SINK_GROUP_INSTANCE_ID"
            )
        return refusal(error, self._servers, "grant READ on the topics and the group")

    def _translate_committed_error(self, error: KafkaError) -> SystemFault | Unavailable:
        return self._fault(error) or Unavailable(f"Kafka did not say what is committed ({error.name()})")
