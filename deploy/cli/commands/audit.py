"""`hailong audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.cli.context import console
from deploy.cli.error_report import FAILED, WORKING
from deploy.cli.options import Dir, variables_for
from deploy.cli.waiting import DEFAULT_TIMEOUT_S, Timeout, needs_of_waiting, wait_and_audit


def audit(
    *,
    directory: Dir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON, for programs.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="First wait until everything that is in Kafka has arrived.")
    ] = False,
    timeout: Timeout = DEFAULT_TIMEOUT_S,
    settle: Annotated[
        float,
        typer.Option(
            min=0,
            max=600,
            help="Seconds to wait for processes that are behind; and while something is missing, check again until "
            "nothing changes for so long.",
        ),
    ] = 5.0,
) -> None:
    """Check that no record is missing or duplicated: compare Kafka with ClickHouse, and rating items with facts.

    While a worker or a sink has something left to read, the answer is "still working", with what is left.

    Exit status: 0 nothing is missing or duplicated, 1 something is, 3 still working. With --wait also 4: a process
    reads nothing, most likely because it does not run; and 130: stopped by Ctrl-C.

    Example: hailong audit --wait --timeout 2h

    Example: hailong audit --json > audit.json
    """
    from deploy.admin.pipeline import pipeline_info
    from deploy.settings.clickhouse import ClickHouseSettings
    from deploy.settings.kafka import KafkaSettings
    from deploy.settings.load import load
    from sinks.audit.render import render
    from sinks.audit.run import audit as run

    variables = variables_for(directory, needs_of_waiting())
    if wait:
        raise typer.Exit(wait_and_audit(variables, timeout, as_json=as_json))
    kafka, clickhouse = load(KafkaSettings, variables), load(ClickHouseSettings, variables)
    report = run(kafka.connection(), clickhouse.connection(), settle, pipeline_info(variables))
    if as_json:
        typer.echo(report.to_json())
    else:
        console().print(render(report), soft_wrap=True)
    if report.working:
        raise typer.Exit(WORKING)
    raise typer.Exit(0 if report.clean else FAILED)
