"""Alerts to every Alertmanager, each in a thread of its own: none waits for another."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import structlog

from schemas.codec.record import WriterSchemas, pinned_only
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import describe_topics
from schemas.topics import Topic
from sinks.alerts.alertmanager.delivery import Delivery
from sinks.alerts.alertmanager.monitor import AlertmanagerMonitor
from sinks.alerts.alertmanager.options import AlertmanagerOptions

log = structlog.get_logger(__name__)

_LOOK_S = 0.2


def run_alertmanager(
    connection: KafkaConnection,
    options: AlertmanagerOptions,
    stop: threading.Event,
    *,
    monitor: AlertmanagerMonitor | None = None,
    writer_schemas: WriterSchemas = pinned_only,
) -> None:
    """Keep every Alertmanager at what the topic `alert` says, until told to stop.

    Args:
        connection: Kafka.
        options: Which Alertmanagers, and how patiently.
        stop: Set to stop; requests in hand end within `timeout_s`.
        monitor: Told how the Alertmanagers are.
        writer_schemas: Where schemas that are not pinned come from: workers may be newer.

    Raises:
        SystemFault: Credentials are refused, or the topic is missing.
        Unavailable: Kafka does not answer at start, or a schema registry that an alert needs; the alert comes again.
        ConfigurationError: The certificates cannot be read.
    """
    describe_topics(connection, [Topic.ALERT], options.connect_timeout_s)
    watched = monitor or AlertmanagerMonitor(options.targets, options.stall_after_s)
    deliveries = [Delivery(target, connection, options, watched, writer_schemas) for target in options.targets]
    halt = threading.Event()
    log.info("alertmanager_started", targets=list(options.targets))
    with ThreadPoolExecutor(len(deliveries), "alertmanager") as pool:
        # With the context, or their log lines would not name the process.
        runs = [pool.submit(copy_context().run, delivery.run, halt) for delivery in deliveries]
        try:
            while not any(run.done() for run in runs) and not stop.wait(_LOOK_S):
                pass
        finally:
            halt.set()
    log.info("alertmanager_stopped")
    for run in runs:
        run.result()
