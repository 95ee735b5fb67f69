"""The sink process: the ClickHouse loader."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from deploy.processes.sink_process import SINK_NEEDS, run_sink_process
from deploy.settings.clickhouse import ClickHouseSettings
from deploy.settings.load import load
from deploy.settings.sink import SinkSettings
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
    deliver = partial(run_sink, clickhouse=clickhouse, options=options, monitor=monitor)
    return run_sink_process("sink", variables, {"sink": monitor}, deliver)
