"""`hailong demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.options import BrokerOption, ClickHouseOption, Scale, Seed
from deploy.local.broker_kind import Broker
from deploy.local.clickhouse_kind import ClickHouseKind


def demo(
    directory: Annotated[
        Path,
        typer.Option("--dir", help="Directory for data, logs and report.json; it is emptied first.", file_okay=False),
    ] = Path("var/demo"),
    seed: Seed = 2020,
    scale: Scale = 1.0,
    workers: Annotated[int, typer.Option(min=1, max=8, help="Number of worker processes.")] = 1,
    broker: BrokerOption = Broker.EMBEDDED,
    clickhouse: ClickHouseOption = ClickHouseKind.EMBEDDED,
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep running after the report, for queries, until Ctrl-C.")
    ] = False,
) -> None:
    """Play 57 days of Hai Phong's rating system through Kafka, Faust and ClickHouse, and print a report.

    It takes less than three minutes and ends by itself. Every figure of the report is read from ClickHouse; report.json
    in the directory holds them for programs. The exit status is 1 if the figures do not add up.

    Example: hailong demo

    Example: hailong demo --scale 0.1 --keep, then: hailong sql --dir var/demo "SHOW TABLES"
    """
    from rich.console import Console

    from deploy.local.demo.run import DemoOptions, run
    from deploy.observability import configure_logs
    from deploy.settings.load import load
    from deploy.settings.process import LogSettings
    from deploy.settings.variables import read_variables

    variables = read_variables(os.environ)
    configure_logs("warning", load(LogSettings, variables).format)
    options = DemoOptions(directory, seed, scale, workers, keep, broker, clickhouse)
    raise typer.Exit(run(options, Console(), variables))
