"""The alerts of one Alertmanager: read, sent, and sent again."""

from __future__ import annotations

import threading
import time

import structlog

from schemas.codec.record import WriterSchemas
from schemas.kafka.connection import KafkaConnection
from schemas.readers.record_reader import RecordReader
from schemas.records import Alert
from schemas.topics import Topic
from sinks.alerts.alert_consumer import alerts_in
from sinks.alerts.alertmanager.alert_topic import AlertTopic
from sinks.alerts.alertmanager.alert_view import AlertView
from sinks.alerts.alertmanager.client import Sending
from sinks.alerts.alertmanager.monitor import AlertmanagerMonitor
from sinks.alerts.alertmanager.options import AlertmanagerOptions
from sinks.alerts.http_post import Pauses
from sinks.metrics import ALERTMANAGER_ALERTS, ALERTMANAGER_RETRIES

log = structlog.get_logger(__name__)


class Delivery:
    """Brings one Alertmanager to what the topic says, and keeps it there.

    Args:
        target: Its name.
        connection: Kafka.
        options: Which Alertmanagers, and how patiently.
        monitor: Told how it is.
        writer_schemas: Where schemas that are not pinned come from.

    Raises:
        ConfigurationError: The certificates cannot be read.
    """

    def __init__(
        self,
        target: str,
        connection: KafkaConnection,
        options: AlertmanagerOptions,
        monitor: AlertmanagerMonitor,
        writer_schemas: WriterSchemas,
    ) -> None:
        self._target = target
        self._connection = connection
        self._options = options
        self._monitor = monitor
        self._reader = RecordReader(Topic.ALERT, Alert, writer_schemas)
        self._sending = Sending(target, options.targets[target], options)
        self._view = AlertView(options.resend_s)
        self._pauses = Pauses(options.retry_initial_s, options.retry_max_s)
        self._quiet_until = float("-inf")
        self._answered_at = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop; the request in hand ends within `timeout_s`.

        Raises:
            SystemFault: Kafka refuses us.
            Unavailable: Kafka does not answer at start, or a schema registry that an alert needs.
        """
        options = self._options
        topic = AlertTopic(self._connection, options.group_of(self._target), options.connect_timeout_s)
        try:
            while not topic.at_end and not stop.is_set():
                self._read(topic)
            if stop.is_set():
                return
            self._view.settle(topic.begin(), _now())
            log.info("alerts_read", target=self._target, open=self._view.open)
            while not stop.is_set():
                self._turn()
                topic.done(self._view.done(topic.position))
                self._view.forget(_now())
                self._read(topic)
        finally:
            topic.close()

    def _read(self, topic: AlertTopic) -> None:
        for message in topic.read():
            offset = message.offset()
            assert offset is not None
            alerts = alerts_in(message, self._reader)
            if not alerts:
                ALERTMANAGER_ALERTS.labels(self._target, "unreadable").inc()
            for alert in alerts:
                self._view.apply(alert, message.timestamp()[1], offset)

    def _turn(self) -> None:
        """Send what is due, unless it is time to pause; an empty request where nothing was due for a while."""
        ticks = time.monotonic()
        if ticks < self._quiet_until:
            return
        due = self._view.due(_now(), ticks)
        if not due and ticks - self._answered_at < self._options.resend_s:
            return
        problem = self._sending.send(due)
        if problem is None:
            self._answered_at = time.monotonic()
            self._pauses.reset()
            self._monitor.delivered(self._target, self._view.open)
            return
        pause = self._pauses.take()
        self._quiet_until = time.monotonic() + pause
        ALERTMANAGER_RETRIES.labels(self._target).inc()
        self._monitor.failed(self._target, problem, self._view.open)
        log.warning("alerts_will_be_repeated", target=self._target, alerts=len(due), problem=problem, pause_s=pause)


def _now() -> int:
    return time.time_ns() // 1_000_000
