"""The webhook process: alerts to an HTTP address."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from deploy.processes.sink_process import SINK_NEEDS, run_sink_process
from deploy.settings.load import load
from deploy.settings.webhook import WebhookSettings
from schemas.codec.record import WriterSchemas
from schemas.kafka.connection import KafkaConnection
from sinks.alerts.webhook import run_webhook
from sinks.runtime.health import SinkMonitor

NEEDS = (*SINK_NEEDS, WebhookSettings)


def run(variables: Mapping[str, str]) -> int:
    """Deliver alerts until SIGTERM or SIGINT; returns the exit status.

    Raises:
        HailongError: It cannot start; see `sinks.alerts.webhook.run_webhook`.
    """
    options = load(WebhookSettings, variables).options()
    monitor = SinkMonitor(options.stall_after_s)

    def deliver(kafka: KafkaConnection, stop: threading.Event, writer_schemas: WriterSchemas) -> None:
        run_webhook(kafka, options, stop, monitor=monitor, writer_schemas=writer_schemas)

    return run_sink_process("webhook", variables, {"webhook": monitor}, deliver)
