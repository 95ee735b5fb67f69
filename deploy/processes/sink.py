"""The sink process: the ClickHouse loader."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from deploy.processes.sink_process import SINK_NEEDS, run_sink_process
from deploy.settings.clickhouse import ClickHouseSettings
from deploy.settings.load import load
from deploy.settings.sink import SinkSettings
from schemas.codec.record import WriterSchemas
from schemas.kafka.connection import KafkaConnection
from sinks.clickhouse.loader.monitor import LoaderMonitor
from sinks.clickhouse.loader.run import run_sink

NEEDS = (*SINK_NEEDS, ClickHouseSettings, SinkSettings)


def run(variables: Mapping[str, str]) -> int:
    """Run the loader until SIGTERM or SIGINT; returns the exit status.

    Raises:
        HailongError: It cannot start or go on; see `sinks.clickhouse.loader.run.run_sink`.
    """
    options = load(SinkSettings, variables).options()
    clickhouse = load(ClickHouseSettings, variables).connection()
    monitor = LoaderMonitor(options.stall_after_s)

    def deliver(kafka: KafkaConnection, stop: threading.Event, writer_schemas: WriterSchemas) -> None:
        run_sink(kafka, clickhouse, options, stop, monitor=monitor, writer_schemas=writer_schemas)

    return run_sink_process("sink", variables, {"sink": monitor}, deliver)
