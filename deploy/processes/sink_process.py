"""What the processes of all sinks share: settings, metrics, health, an orderly stop."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Protocol

from deploy.observability import HealthReport, serve
from deploy.processes.common import begin
from deploy.settings.kafka import KafkaSettings
from deploy.settings.load import load
from deploy.settings.process import HttpSettings, LogSettings
from deploy.settings.registry import RegistrySettings
from deploy.stop_signal import stop_on_signals
from schemas.codec.record import WriterSchemas
from schemas.kafka.connection import KafkaConnection
from sinks.runtime.health import SinkMonitor, assess_all

SINK_NEEDS = (KafkaSettings, RegistrySettings, HttpSettings, LogSettings)


class SinkRunner(Protocol):
    """Runs a sink until `stop` is set."""

    def __call__(self, connection: KafkaConnection, *, stop: threading.Event, writer_schemas: WriterSchemas) -> None:
        """Schemas that are not pinned come from `writer_schemas`."""


def run_sink_process(
    name: str,
    variables: Mapping[str, str],
    monitors: Mapping[str, SinkMonitor],
    deliver: SinkRunner,
) -> int:
    """Run a sink until SIGTERM or SIGINT; returns the exit status.

    Args:
        name: Name of the process in its log lines.
        variables: From `read_variables`.
        monitors: Monitors of the sinks in this process, by the name that health gives them.
        deliver: Runs the sink, everything else already bound.

    Raises:
        HailongError: It cannot start or go on.
    """
    begin(name, variables)
    http, kafka = load(HttpSettings, variables), load(KafkaSettings, variables)
    writer_schemas = load(RegistrySettings, variables).writer_schemas(kafka.topic_prefix)

    def health() -> HealthReport:
        found = assess_all(monitors)
        stages = [{"stage": stage, **asdict(progress)} for stage, progress in found.stages.items()]
        return HealthReport(found.healthy, {"reasons": list(found.reasons), "stages": stages})

    with stop_on_signals() as stop, serve(http.host, http.port, health):
        deliver(kafka.connection(), stop=stop, writer_schemas=writer_schemas)
    return 0
