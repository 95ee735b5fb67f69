"""Alerts on their way to Alertmanager: a topic with alerts, and the process that delivers them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from prometheus_client import REGISTRY

from schemas.kafka.connection import KafkaConnection
from schemas.keys import key_of
from schemas.records.alerts import Alert, AlertState, Detector, Driver, TargetEvidence
from schemas.topics import Topic
from sinks.alerts.alertmanager.options import AlertmanagerOptions
from sinks.alerts.alertmanager.run import alertmanager_monitors, run_alertmanager
from sinks.runtime.health import SinkMonitor, SinkProgress
from support.alertmanager import Received
from support.events import value_of
from support.polling import DEADLINE_S, eventually
from support.threads import beside

HOUR_MS = 3_600_000


def now_ms() -> int:
    """Epoch milliseconds."""
    return int(time.time() * 1000)


def alert(number: int = 1, version: int = 1, **fields: Any) -> Alert:
    """An open alert that was raised an hour ago."""
    raised = now_ms() - HOUR_MS
    return replace(
        Alert(
            f"00000000-0000-5000-8000-{number:012}", version, f"{number:02}CC", AlertState.OPEN, Detector.BURST, raised,
            raised, None, raised - 86400000, raised, 86400, 20, 5, 4, 0.017, 300.0, 0.34, 0.0000123, 0.001, 0.5,
            (Driver("TEAM:01", 4),),
            (TargetEvidence("TEAM", "01", 5, 4, 0.2, 0.0003, 5.5),),
            ("c-1", "c-2"), "Cảnh báo", "Alert",
        ),
        **fields,
    )  # fmt: skip


def cleared(one: Alert, **fields: Any) -> Alert:
    """The next version of an alert, cleared half an hour ago."""
    given = {"state": AlertState.CLEARED, "version": one.version + 1, "cleared_at": now_ms() - HOUR_MS // 2, **fields}
    return replace(one, **given)


def settled(progress: SinkProgress) -> bool:
    """Whether the last request was taken and nothing waits."""
    return progress.problem is None and not progress.buffered


def opened(url: str) -> float | None:
    """How many alerts are open for an Alertmanager, by its metric."""
    return REGISTRY.get_sample_value("hailong_alertmanager_open_alerts", {"target": url.removeprefix("http://")})


@dataclass
class Stage:
    """The topic of a test, and the processes that read it.

    Attributes:
        kafka: Connection to the broker.
    """

    kafka: KafkaConnection

    def send(self, *alerts: Alert, written_at: int = 0) -> None:
        """Write alerts as a worker does; `written_at` is their time in epoch milliseconds, 0 for now."""
        producer, name = Producer(dict(self.kafka.client_config())), Topic.ALERT.value.name(self.kafka.topic_prefix)
        for one in alerts:
            producer.produce(name, key=key_of(one), value=value_of(one, Topic.ALERT), timestamp=written_at)
        assert producer.flush(DEADLINE_S) == 0

    def options(self, *urls: str, **changed: Any) -> AlertmanagerOptions:
        """Short pauses; Alertmanager keeps an alert for longer than any test lasts."""
        given = {"resend_s": 0.3, "hold_s": 600.0, "retry_initial_s": 0.05, "retry_max_s": 0.3, "stall_after_s": 0.9}
        return AlertmanagerOptions(urls, **{**given, "group": f"{self.kafka.topic_prefix}am", **changed})

    @contextmanager
    def delivering(self, *urls: str, **changed: Any) -> Iterator[Mapping[str, SinkMonitor]]:
        """The delivery, for as long as the block lasts."""
        options, stop = self.options(*urls, **changed), threading.Event()
        monitors = alertmanager_monitors(options)
        with beside(lambda: run_alertmanager(self.kafka, options, stop, monitors=monitors), stop, 20):
            yield monitors

    def eventually_delivered(self, fake: Received, monitors: Mapping[str, SinkMonitor], before: int = 0) -> None:
        """Wait until the Alertmanager has taken a request after the first `before`, and nothing waits."""

        def delivered() -> bool:
            return len(fake.bodies) > before and all(settled(one.progress) for one in monitors.values())

        eventually(delivered, "a delivery")


def stage_on(address: str) -> Stage:
    """A topic of its own."""
    kafka = KafkaConnection(address, topic_prefix=f"t{uuid4().hex[:8]}.")
    topic = NewTopic(Topic.ALERT.value.name(kafka.topic_prefix), 1, 1, config=Topic.ALERT.value.config)
    admin = AdminClient(dict(kafka.client_config()))
    for future in admin.create_topics([topic]).values():
        future.result()
    return Stage(kafka)
