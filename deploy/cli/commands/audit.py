"""`hailong audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.cli.error_report import FAILED
from deploy.cli.options import Dir, variables_for


def audit(
    *,
    directory: Dir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON, for programs.")] = False,
    settle: Annotated[
        float,
        typer.Option(
            min=0, max=600, help="Seconds. While something is missing, check again until nothing changes for so long."
        ),
    ] = 5.0,
) -> None:
    """Check that no record is missing or duplicated: compare Kafka with ClickHouse, and rating items with facts.

    The exit status is 1 if anything is missing or duplicated. Records that are still on their way count as missing;
    --settle waits for them.

    Example: hailong audit

    Example: hailong audit --json > audit.json
    """
    from rich.console import Console

    from deploy.settings.clickhouse import ClickHouseSettings
    from deploy.settings.kafka import KafkaSettings
    from deploy.settings.load import load
    from sinks.audit.render import render
    from sinks.audit.run import audit as run

    variables = variables_for(directory, [KafkaSettings, ClickHouseSettings])
    kafka, clickhouse = load(KafkaSettings, variables), load(ClickHouseSettings, variables)
    report = run(kafka.connection(), clickhouse.connection(), settle)
    if as_json:
        typer.echo(report.to_json())
    else:
        Console().print(render(report))
    raise typer.Exit(0 if report.clean else FAILED)
