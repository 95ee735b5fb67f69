"""Alerts to every Alertmanager, each in a thread of its own: none waits for another."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import structlog

from schemas.codec.record import WriterSchemas, pinned_only
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import describe_topics
from schemas.topics import Topic
from sinks.alerts.alertmanager.delivery import TargetDelivery
from sinks.alerts.alertmanager.options import AlertmanagerOptions
from sinks.runtime.consumer import run_loop
from sinks.runtime.health import SinkMonitor
from sinks.runtime.reading import Reading

log = structlog.get_logger(__name__)

_LOOK_S = 0.2


def run_alertmanager(
    connection: KafkaConnection,
    options: AlertmanagerOptions,
    stop: threading.Event,
    *,
    monitors: Mapping[str, SinkMonitor] | None = None,
    writer_schemas: WriterSchemas = pinned_only,
) -> None:
    """Keep every Alertmanager at the state of the topic `alert`, until told to stop.

    Args:
        connection: Kafka.
        options: Addresses of the Alertmanagers, and pauses.
        stop: Set to stop; requests under way end within `timeout_s`.
        monitors: Are told how the Alertmanagers are; one for each of `options.targets`.
        writer_schemas: Where schemas that are not pinned come from: workers may be newer.

    Raises:
        SystemFault: Credentials are refused, or the topic is missing.
        Unavailable: Kafka does not answer at start, or a schema registry that an alert needs; the alert comes again.
        ConfigurationError: The certificates cannot be read.
    """
    watched = monitors or alertmanager_monitors(options)
    facts = describe_topics(connection, [Topic.ALERT], options.connect_timeout_s)
    halt = threading.Event()

    def deliver(target: str, delivery: TargetDelivery) -> None:
        reading = Reading(
            [Topic.ALERT],
            options.group_of(target),
            own_partitions=facts[Topic.ALERT].partitions,
            connect_timeout_s=options.connect_timeout_s,
        )
        run_loop(connection, reading, delivery, watched[target], halt)

    targets = {target: TargetDelivery(target, options, watched[target], writer_schemas) for target in options.targets}
    log.info("alertmanager_started", targets=list(targets))
    with ThreadPoolExecutor(len(targets), "alertmanager") as pool:
        # With the context, or their log lines would not name the process.
        runs = [pool.submit(copy_context().run, deliver, *pair) for pair in targets.items()]  # type: ignore[arg-type]  # mypy cannot follow `run`
        try:
            while not any(run.done() for run in runs) and not stop.wait(_LOOK_S):
                pass
        finally:
            halt.set()
    log.info("alertmanager_stopped")
    for run in runs:
        run.result()


def alertmanager_monitors(options: AlertmanagerOptions) -> Mapping[str, SinkMonitor]:
    """A monitor for each Alertmanager."""
    return {target: SinkMonitor(options.stall_after_s) for target in options.targets}
