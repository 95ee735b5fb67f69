"""The sink process: the ClickHouse loader, with metrics and health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from deploy.local.supervisor import StopRequest
from deploy.observability import HealthReport, serve
from deploy.processes.common import begin
from deploy.settings import ClickHouseSettings, HttpSettings, KafkaSettings, LogSettings, load
from deploy.settings.registry import RegistrySettings
from deploy.settings.sink import SinkSettings
from sinks.clickhouse.loader import SinkMonitor, run_sink

NEEDS = (KafkaSettings, ClickHouseSettings, SinkSettings, RegistrySettings, HttpSettings, LogSettings)


def run(variables: Mapping[str, str]) -> int:
    """Run the loader until SIGTERM or SIGINT; returns its exit status.

    Raises:
        HailongError: It cannot start or go on; see `sinks.clickhouse.loader.run_sink`.
    """
    begin("sink", variables)
    http, options = load(HttpSettings, variables), load(SinkSettings, variables).options()
    kafka, clickhouse = load(KafkaSettings, variables), load(ClickHouseSettings, variables)
    monitor = SinkMonitor(options.stall_after_s)

    def health() -> HealthReport:
        found = monitor.health()
        return HealthReport(
            found.healthy, {"reasons": list(found.reasons), "stages": [{"stage": "sink", **asdict(found.progress)}]}
        )

    with StopRequest() as stop, serve(http.host, http.port, health):
        run_sink(
            kafka.connection(),
            clickhouse.connection(),
            options,
            stop.event,
            monitor=monitor,
            writer_schemas=load(RegistrySettings, variables).writer_schemas(kafka.topic_prefix),
        )
    return 0
