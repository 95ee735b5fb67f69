"""The alertmanager process: alerts to Prometheus' Alertmanager, with metrics and health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from deploy.local.supervisor import StopRequest
from deploy.observability import HealthReport, serve
from deploy.processes.common import begin
from deploy.settings import HttpSettings, KafkaSettings, LogSettings, load
from deploy.settings.alertmanager import AlertmanagerSettings
from deploy.settings.registry import RegistrySettings
from sinks.alerts import AlertmanagerMonitor, run_alertmanager

NEEDS = (KafkaSettings, AlertmanagerSettings, RegistrySettings, HttpSettings, LogSettings)


def run(variables: Mapping[str, str]) -> int:
    """Deliver alerts until SIGTERM or SIGINT; returns the exit status.

    Raises:
        HailongError: It cannot start or go on; see `sinks.alerts.run_alertmanager`.
    """
    begin("alertmanager", variables)
    http, options = load(HttpSettings, variables), load(AlertmanagerSettings, variables).options()
    kafka = load(KafkaSettings, variables)
    writers = load(RegistrySettings, variables).writer_schemas(kafka.topic_prefix)
    monitor = AlertmanagerMonitor(options.targets, options.stall_after_s)

    def health() -> HealthReport:
        found = monitor.health()
        return HealthReport(found.healthy, {"targets": {name: asdict(one) for name, one in found.targets.items()}})

    with StopRequest() as stop, serve(http.host, http.port, health):
        run_alertmanager(kafka.connection(), options, stop.event, monitor=monitor, writer_schemas=writers)
    return 0
