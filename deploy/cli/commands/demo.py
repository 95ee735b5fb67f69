"""`hailong demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.options import BrokerOption
from deploy.local.broker_kind import Broker


def demo(
    directory: Annotated[
        Path, typer.Option("--dir", help="Where data, logs and report.json are put; emptied first.", file_okay=False)
    ] = Path("var/demo"),
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes another course of the same figures.")] = 2020,
    scale: Annotated[float, typer.Option(min=0.01, max=1, help="Size of the scenario; 1 is all of Hai Phong.")] = 1.0,
    workers: Annotated[int, typer.Option(min=1, max=8, help="How many worker processes share the work.")] = 1,
    broker: BrokerOption = Broker.EMBEDDED,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Stay after the report, for questions, until Ctrl-C.")] = False,
) -> None:
    """Play 57 days of Hai Phong's rating system through Kafka, Faust and ClickHouse, and report.

    Takes less than three minutes and ends by itself. Every figure of the report is read from ClickHouse; report.json in
    the directory has them for machines. The exit status is 1 if something does not add up.

    Example: hailong demo

    Example: hailong demo --scale 0.1 --keep, then: hailong sql --dir var/demo "SHOW TABLES"
    """
    from rich.console import Console  # noqa: PLC0415 imported here so that --help is quick

    from deploy.local.demo.run import DemoOptions, run  # noqa: PLC0415 as above
    from deploy.observability import configure_logs  # noqa: PLC0415 as above
    from deploy.settings import LogSettings, load, read_variables  # noqa: PLC0415 as above

    variables = read_variables(os.environ)
    configure_logs("warning", load(LogSettings, variables).format)
    raise typer.Exit(run(DemoOptions(directory, seed, scale, workers, keep, broker), Console(), variables))
