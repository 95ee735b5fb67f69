"""The base of sinks that deliver alerts one by one, without servers."""

from __future__ import annotations

from confluent_kafka import Message
from support.events import value_of
from support.sink_destinations import ended_alert

from schemas.codec.record import pinned_only
from schemas.errors import Unavailable
from schemas.records.alerts import Alert
from schemas.topics import Topic
from sinks.alerts.alert_sink import AlertRefused, AlertSink, AlertSinkOptions
from sinks.metrics import delivery_metrics
from sinks.runtime.health import SinkMonitor
from sinks.runtime.sink import AssignedPartition

METRICS = delivery_metrics("tested")


class Scripted(AlertSink):
    """Does with each alert what the script says: raises the next error, or takes the alert at None."""

    def __init__(self, *script: Exception | None) -> None:
        options = AlertSinkOptions(group="g", retry_initial_s=3600.0, retry_max_s=3600.0)
        super().__init__("tested", options, METRICS, SinkMonitor(), pinned_only)
        self._script = iter(script)
        self.taken: list[int] = []

    def deliver_alert(self, alert: Alert) -> None:
        """Follow the script."""
        if error := next(self._script):
            raise error
        self.taken.append(int(alert.alert_id[-12:]))


def message(offset: int) -> Message:
    """An alert whose number is its offset."""
    value = value_of(ended_alert(offset), Topic.ALERT)
    return Message(topic="t", partition=0, offset=offset, key=b"k", value=value, timestamp=(1, 1))


def test_a_refused_alert_is_done_and_the_next_one_follows() -> None:
    """The destination will never take it, so its offset may be committed."""
    sink, partition = Scripted(AlertRefused("status 400"), None), AssignedPartition(Topic.ALERT, 0)
    for offset in (1, 2):
        sink.add_records(partition, [message(offset)])
        sink.deliver()
    assert (sink.taken, partition.done, sink.backlog.records) == ([2], 3, 0)


def test_an_alert_of_a_released_partition_is_dropped_at_once() -> None:
    """It waits for its next attempt when the partition goes: the alerts of other partitions do not wait with it."""
    sink, gone, ours = Scripted(Unavailable("status 503"), None), *(AssignedPartition(Topic.ALERT, n) for n in range(2))
    sink.add_records(gone, [message(1)])
    sink.deliver()
    assert (sink.backlog.records, gone.done) == (1, None)
    gone.held = False
    sink.deliver()
    sink.add_records(ours, [message(2)])
    sink.deliver()
    assert (sink.taken, gone.done, ours.done) == ([2], None, 3)
