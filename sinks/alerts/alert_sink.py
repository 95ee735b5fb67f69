"""The base of sinks that deliver alerts one by one, in order; a new one writes `deliver_alert` alone."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog
from confluent_kafka import Message

from schemas.codec.record import WriterSchemas
from schemas.errors import HailongError, OutcomeUnknown, Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import describe_topics
from schemas.options import Checked, duration_problems
from schemas.readers.record_reader import RecordReader
from schemas.records.alerts import Alert
from schemas.topics import Topic
from sinks.alerts.alert_reader import read_alert
from sinks.metrics import DeliveryMetrics
from sinks.runtime.consumer import run_loop
from sinks.runtime.health import SinkMonitor
from sinks.runtime.reading import Reading
from sinks.runtime.retry_pauses import RetryPauses
from sinks.runtime.sink import AssignedPartition, Backlog, Sink

log = structlog.get_logger(__name__)


class AlertRefused(HailongError):
    """The destination will never take this alert; it is logged, counted and skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSinkOptions(Checked):
    """Options that every such sink has."""

    group: str  # consumer group; offsets are committed to it
    retry_initial_s: float = 0.5  # pause before the first repetition; it doubles up to the next
    retry_max_s: float = 60.0  # longest pause between repetitions
    connect_timeout_s: float = 10.0  # how long Kafka may be unreachable at start
    stall_after_s: float = 120.0  # an alert that waits for so long makes the process unhealthy

    def _problems(self) -> Iterator[str]:
        yield from duration_problems(self)


class AlertSink(Sink):
    """Delivers alerts one by one, in order, at least once.

    An alert is repeated until the destination has taken it; the next alert waits behind it. The offset is committed
    after each alert.

    Args:
        name: Name of the sink in log events, e.g. `webhook`.
        options: Group and pauses.
        metrics: Counts deliveries.
        monitor: Is told about progress.
        writer_schemas: Where schemas that are not pinned come from.
    """

    def __init__(
        self,
        name: str,
        options: AlertSinkOptions,
        metrics: DeliveryMetrics,
        monitor: SinkMonitor,
        writer_schemas: WriterSchemas,
    ) -> None:
        self._name = name
        self._metrics = metrics
        self._monitor = monitor
        self._reader = RecordReader(Topic.ALERT, Alert, writer_schemas)
        self._pauses = RetryPauses(options.retry_initial_s, options.retry_max_s)
        self._next_attempt = 0.0
        self._waiting: deque[tuple[AssignedPartition, Message]] = deque()

    @abstractmethod
    def deliver_alert(self, alert: Alert) -> None:
        """Deliver one alert and wait until the destination has it.

        The same version of an alert (`alert_id` and `version`) can come twice, for instance after a crash.

        Raises:
            Unavailable: The destination has not taken it; it is repeated after a pause.
            OutcomeUnknown: It may have been taken; it is repeated after a pause.
            AlertRefused: The destination will never take it.
            SystemFault: An operator must act; the process stops.
        """

    def add_records(self, partition: AssignedPartition, messages: Sequence[Message]) -> int:
        """Queue messages."""
        self._waiting.extend((partition, message) for message in messages)
        return len(messages)

    @property
    def backlog(self) -> Backlog:
        """The queue; it holds one alert, so that a stop leaves at most one delivery undone."""
        return Backlog(len(self._waiting), len(self._waiting), limit=1)

    def deliver(self) -> None:
        """Deliver what waits, unless it is time to pause."""
        while self._waiting:
            partition, message = self._waiting[0]
            if partition.held:
                if time.monotonic() < self._next_attempt or not self._deliver_message(message):
                    return
                offset = message.offset()
                assert offset is not None
                partition.done = offset + 1
                self._monitor.delivered(1)
            self._waiting.popleft()
            self._pauses.reset()
            self._next_attempt = 0.0

    def _deliver_message(self, message: Message) -> bool:
        """Whether the message is dealt with: delivered, refused for good, or unreadable."""
        alert = None
        try:
            alert = read_alert(self._reader, message)
            outcome = "unreadable" if alert is None else self._deliver_alert(alert)
        except (Unavailable, OutcomeUnknown) as error:
            self._repeat_later(alert, str(error))
            return False
        self._metrics.outcomes.labels(outcome).inc()
        return True

    def _deliver_alert(self, alert: Alert) -> str:
        named = {"alert_id": alert.alert_id, "version": alert.version}
        try:
            with self._metrics.seconds.time():
                self.deliver_alert(alert)
        except AlertRefused as refused:
            event = f"alert_refused_by_{self._name}"
            log.error(event, **named, answer=str(refused))  # noqa: TRY400 - a trace would add nothing
            return "refused"
        self._metrics.last_progress.set_to_current_time()
        log.info("alert_delivered", **named)
        return "delivered"

    def _repeat_later(self, alert: Alert | None, problem: str) -> None:
        pause = self._pauses.next_pause()
        self._next_attempt = time.monotonic() + pause
        self._metrics.retries.inc()
        self._monitor.failed(problem)
        alert_id = None if alert is None else alert.alert_id
        log.warning("alert_will_be_repeated", alert_id=alert_id, problem=problem, pause_s=pause)


def run_alert_sink(
    connection: KafkaConnection, options: AlertSinkOptions, sink: AlertSink, monitor: SinkMonitor, stop: threading.Event
) -> None:
    """Deliver every alert until told to stop.

    Args:
        connection: Kafka.
        options: Group and pauses.
        sink: Where alerts go.
        monitor: Is told about progress.
        stop: Set to stop; a delivery under way is finished first.

    Raises:
        SystemFault: Credentials are refused, or the topic is missing.
        Unavailable: Kafka does not answer at start.
    """
    describe_topics(connection, [Topic.ALERT], options.connect_timeout_s)
    reading = Reading([Topic.ALERT], options.group, connect_timeout_s=options.connect_timeout_s)
    run_loop(connection, reading, sink, monitor, stop)
