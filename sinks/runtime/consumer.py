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
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.errors import OutcomeUnknown, SystemFault, Unavailable
from schemas.kafka.client_errors import PARTITION_END, is_fatal, refusal
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET
from schemas.kafka.topic_metadata import TopicsMissing
from sinks.runtime.flow_control import FlowControl
from sinks.runtime.health import SinkMonitor
from sinks.runtime.reading import Reading
from sinks.runtime.sink import AssignedPartition, Sink

log = structlog.get_logger(__name__)

_RECOMMIT_S = 3600.0
"""Kafka forgets the offsets of a group without members a week after the last commit."""


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
    """One consumer of Kafka, from joining the group to leaving it; its arguments are those of `run_loop`."""

    def __init__(self, connection: KafkaConnection, reading: Reading, sink: Sink, monitor: SinkMonitor) -> None:
        self._reading = reading
        self._sink = sink
        self._monitor = monitor
        self._servers = connection.bootstrap_servers
        self._names = {topic: connection.topic_name(topic) for topic in reading.topics}
        self._topics = {name: topic for topic, name in self._names.items()}
        self._arriving: list[TopicPartition] = []
        self._partitions: dict[tuple[str, int], AssignedPartition] = {}
        self._ending = False
        self._faults: list[SystemFault] = []
        self._next_commit = self._next_recommit = self._next_look = self._next_start = 0.0
        self._next_identity_check = time.monotonic() + reading.identity_check_s
        self._consumer = Consumer(self._settings(connection))
        self._flow = FlowControl(self._consumer, sink)

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
                self._add(self._flow.read())
                self._start_partitions()
                self._sink.deliver()
                self._flow.pause_or_resume()
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
        self._flow.added(len(messages), grown)

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
        self._monitor.observed(lag, self._sink.backlog, paused=self._flow.paused)

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
        self._flow.paused = False  # new partitions are not paused

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
