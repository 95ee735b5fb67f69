"""`hailong audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.cli.error_report import FAILED
from deploy.cli.options import Dir, variables_for


def audit(
    *,
    directory: Dir = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON, for machines.")] = False,
    settle: Annotated[
        float,
        typer.Option(
            min=0, max=600, help="While something is missing, look again until nothing changes for so long (s)."
        ),
    ] = 5.0,
) -> None:
    """Prove that nothing is missing or doubled: compare Kafka with ClickHouse, and rating items with facts.

    The exit status is 1 if anything is missing or doubled. What is still on its way counts as missing; that is what
    --settle waits for.

    Example: hailong audit

    Example: hailong audit --json > audit.json
    """
    from rich.console import Console  # noqa: PLC0415 imported here so that --help is quick

    from deploy.settings import ClickHouseSettings, KafkaSettings, load  # noqa: PLC0415 as above
    from sinks.audit import audit as run  # noqa: PLC0415 as above
    from sinks.audit import render  # noqa: PLC0415 as above

    variables = variables_for(directory, [KafkaSettings, ClickHouseSettings])
    kafka, clickhouse = load(KafkaSettings, variables), load(ClickHouseSettings, variables)
    report = run(kafka.connection(), clickhouse.connection(), settle)
    if as_json:
        typer.echo(report.to_json())
    else:
        Console().print(render(report))
    raise typer.Exit(0 if report.clean else FAILED)
