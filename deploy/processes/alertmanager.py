"""The alertmanager process: alerts to Prometheus' Alertmanager."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from deploy.processes.sink_process import SINK_NEEDS, run_sink_process
from deploy.settings.alertmanager import AlertmanagerSettings
from deploy.settings.load import load
from schemas.codec.record import WriterSchemas
from schemas.kafka.connection import KafkaConnection
from sinks.alerts.alertmanager.run import alertmanager_monitors, run_alertmanager

NEEDS = (*SINK_NEEDS, AlertmanagerSettings)


def run(variables: Mapping[str, str]) -> int:
    """Deliver alerts until SIGTERM or SIGINT; returns the exit status.

    Raises:
        HailongError: It cannot start or go on; see `sinks.alerts.alertmanager.run`.
    """
    options = load(AlertmanagerSettings, variables).options()
    monitors = alertmanager_monitors(options)

    def deliver(kafka: KafkaConnection, stop: threading.Event, writer_schemas: WriterSchemas) -> None:
        run_alertmanager(kafka, options, stop, monitors=monitors, writer_schemas=writer_schemas)

    return run_sink_process("alertmanager", variables, monitors, deliver)
