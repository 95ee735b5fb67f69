"""The alerts of one Alertmanager: kept in a view, sent, and sent again.

Reading begins at the beginning of the topic at each start, because a view needs all of it. The committed offset is not
where reading continues: before it, every ended alert was acknowledged. So a restart sends exactly those ends that were
not acknowledged, however long ago they were, and nothing twice. The partition is read alone, not shared: a second
process of the same group sends the same alerts, which Alertmanager treats as one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from confluent_kafka import Message

from schemas.codec.record import WriterSchemas
from schemas.errors import Unavailable
from schemas.readers.record_reader import RecordReader
from schemas.records.alerts import Alert
from schemas.topics import Topic
from sinks.alerts.alert_reader import read_alert
from sinks.alerts.alertmanager.alert_view import AlertView
from sinks.alerts.alertmanager.client import AlertmanagerClient
from sinks.alerts.alertmanager.options import AlertmanagerOptions
from sinks.metrics import (
    ALERTMANAGER_ALERTS,
    ALERTMANAGER_LAST_PROGRESS,
    ALERTMANAGER_OPEN,
    ALERTMANAGER_RETRIES,
    ALERTMANAGER_UP,
)
from sinks.runtime.clock import now_ms
from sinks.runtime.health import SinkMonitor
from sinks.runtime.retry_pauses import RetryPauses
from sinks.runtime.sink import AssignedPartition, Backlog, Sink

log = structlog.get_logger(__name__)


class TargetDelivery(Sink):
    """Brings one Alertmanager to the state of the topic, and keeps it there.

    Args:
        target: Name of the Alertmanager.
        options: Addresses and pauses.
        monitor: Is told how it is.
        writer_schemas: Where schemas that are not pinned come from.

    Raises:
        ConfigurationError: The certificates cannot be read.
    """

    def __init__(
        self, target: str, options: AlertmanagerOptions, monitor: SinkMonitor, writer_schemas: WriterSchemas
    ) -> None:
        self._target = target
        self._options = options
        self._monitor = monitor
        self._reader = RecordReader(Topic.ALERT, Alert, writer_schemas)
        self._client = AlertmanagerClient(target, options.targets[target], options)
        self._view = AlertView(options.resend_s)
        self._pauses = RetryPauses(options.retry_initial_s, options.retry_max_s)
        self._partition: AssignedPartition | None = None
        self._sending = False
        self._failing = False
        self._next_attempt = float("-inf")
        self._answered_at = float("-inf")

    def start(self, partitions: Sequence[AssignedPartition]) -> None:
        """Begin at the beginning."""
        (self._partition,) = partitions  # the topic has one
        self._partition.position = None

    def add_records(self, _partition: AssignedPartition, messages: Sequence[Message]) -> int:
        """Apply messages to the view."""
        for message in messages:
            offset = message.offset()
            assert offset is not None
            alert = read_alert(self._reader, message)
            if alert is None:
                ALERTMANAGER_ALERTS.labels(self._target, "unreadable").inc()
            else:
                self._view.apply(alert, message.timestamp()[1], offset)
        return 0

    @property
    def backlog(self) -> Backlog:
        """Alerts that were not acknowledged; a request without alerts that failed counts as one."""
        return Backlog(max(self._view.unacknowledged, int(self._failing)))

    def deliver(self) -> None:
        """Send what is due, as soon as the whole topic was read once."""
        partition = self._partition
        if partition is None or not partition.at_end:
            return
        if not self._sending:
            self._sending = self._forget_delivered(partition)
            return
        self._send_due()
        partition.done = self._view.acknowledged_before(partition.position or 0)
        self._view.forget(now_ms())

    def _forget_delivered(self, partition: AssignedPartition) -> bool:
        """Forget the ends that an earlier run has delivered; whether sending can begin.

        A first run has delivered nothing, but what had ended before it was never sent either. That is committed before
        anything is sent. Otherwise a crash could leave an alert open that the next run does not know to have been sent.

        Raises:
            Unavailable: Kafka does not take the first commit.
        """
        end = partition.position or 0
        if partition.committed is None:
            if partition.done is not None:
                raise Unavailable("Kafka does not take our first commit")
            partition.done = end  # committed before the next call
            return False
        if partition.committed > end:
            log.warning("topic_is_shorter_than_committed", committed=partition.committed, end=end)
        self._view.mark_delivered(0 if partition.committed > end else partition.committed, now_ms())
        log.info("alerts_read", target=self._target, open=self._view.open)
        return True

    def _send_due(self) -> None:
        """Send what is due, unless it is time to pause; an empty request if nothing was due for a while."""
        ticks = time.monotonic()
        if ticks < self._next_attempt:
            return
        due = self._view.due(now_ms(), ticks)
        if not due and ticks - self._answered_at < self._options.resend_s:
            return
        problem = self._client.send(due)
        self._failing = problem is not None
        ALERTMANAGER_UP.labels(self._target).set(not self._failing)
        ALERTMANAGER_OPEN.labels(self._target).set(self._view.open)
        if problem is None:
            self._answered_at = time.monotonic()
            self._pauses.reset()
            ALERTMANAGER_LAST_PROGRESS.labels(self._target).set_to_current_time()
            self._monitor.delivered(len(due))
            return
        pause = self._pauses.next_pause()
        self._next_attempt = time.monotonic() + pause
        ALERTMANAGER_RETRIES.labels(self._target).inc()
        self._monitor.failed(problem)
        log.warning("alerts_will_be_repeated", target=self._target, alerts=len(due), problem=problem, pause_s=pause)
