"""`hailong up` and `hailong migrate`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.options import (
    DEFAULT_DIR,
    BrokerOption,
    ClickHouseHttpPort,
    ClickHouseOption,
    ClickHousePort,
    Dir,
    KafkaPort,
    variables_for,
    warn_of_unknown,
)
from deploy.local.broker_kind import Broker
from deploy.local.clickhouse_kind import READER, ClickHouseKind

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from rich.console import Console

    from deploy.local.stack.stack import Stack

TEND_S = 0.2


def up(
    directory: Annotated[
        Path, typer.Option("--dir", help="Directory for data, logs and passwords.", file_okay=False)
    ] = DEFAULT_DIR,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Number of worker processes.")] = 1,
    broker: BrokerOption = Broker.EMBEDDED,
    clickhouse: ClickHouseOption = ClickHouseKind.EMBEDDED,
    kafka_port: KafkaPort = None,
    clickhouse_port: ClickHousePort = None,
    clickhouse_http_port: ClickHouseHttpPort = None,
) -> None:
    """Run Kafka broker, ClickHouse, worker and sink on this machine until Ctrl-C.

    Ctrl-C stops them in order and loses nothing; a second Ctrl-C stops them at once. A process that crashes is started
    again. ClickHouse and Apache Kafka keep their data in the directory; the embedded broker keeps its topics in memory
    only. Other commands find the stack by its directory, and its ports stay the same from one start to the next.

    Example: hailong up --dir var/up, then in another terminal: hailong simulate haiphong-2020 --dir var/up

    Example: hailong up --broker kafka --clickhouse server --clickhouse-http-port 8123
    """
    from rich.console import Console

    from deploy.local.stack.layout import Layout
    from deploy.local.stack.plan import replaced_variables
    from deploy.local.stack.ports import CLICKHOUSE, CLICKHOUSE_HTTP, KAFKA
    from deploy.local.stack.stack import Stack
    from deploy.observability import configure_logs
    from deploy.settings.load import load
    from deploy.settings.process import LogSettings
    from deploy.settings.variables import read_variables
    from deploy.stop_signal import stop_on_signals

    variables = read_variables(os.environ)
    warn_of_unknown(variables)
    logs = load(LogSettings, variables)
    configure_logs(logs.level, logs.format)
    console = Console()
    if ignored := replaced_variables(variables):
        console.print(f"Ignored, because `hailong up` starts its own servers: {', '.join(ignored)}", highlight=False)
    layout = Layout(directory.resolve())
    with (
        stop_on_signals() as stop,
        Stack(
            layout,
            variables,
            workers=workers,
            broker=broker,
            clickhouse=clickhouse,
            ports={KAFKA: kafka_port, CLICKHOUSE: clickhouse_port, CLICKHOUSE_HTTP: clickhouse_http_port},
            stopping=stop.is_set,
        ) as stack,
    ):
        with console.status(f"Starting {broker.in_words} and {clickhouse.in_words}") as status:
            stack.start_servers(status.update)
        with console.status("Starting workers and sink"):
            stack.start_pipeline()
        if not stop.is_set():
            _introduce(console, stack, directory)
        while not stop.wait(TEND_S):
            stack.supervisor.tend()
        console.print("Stopping in order; press Ctrl-C again to stop at once.")
        stack.stop(console.print)
        console.print("Stopped.")


def _introduce(console: Console, stack: Stack, directory: Path) -> None:
    """Print the addresses and what to do next."""
    from rich.table import Table

    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_row("Kafka", stack.addresses.kafka)
    table.add_row("ClickHouse", f"127.0.0.1:{stack.addresses.clickhouse} (native), user {stack.clickhouse.user}")
    table.add_row("", f"http://127.0.0.1:{stack.addresses.clickhouse_http} (HTTP)")
    table.add_row("password", f"in {directory / stack.layout.clickhouse_password.name}")
    reader = f"user {READER}, password in {directory / stack.layout.clickhouse_reader_password.name}"
    table.add_row("to read only", reader)
    if (own := stack.variables.get("HAILONG_REFERENCE_FILE")) is not None:
        table.add_row("offices", f"of the package, and of {own}")
    for end in stack.endpoints:
        table.add_row(end.name, f"{end.url}/health  {end.url}/metrics")
    table.add_row("logs", f"{directory / 'logs'}")
    console.print("[bold green]hailong is running[/]")
    console.print(table)
    console.print(stack.broker.note)
    option = "" if directory == DEFAULT_DIR else f" --dir {directory}"
    console.print(f"Try in another terminal: [bold]hailong simulate haiphong-2020{option}[/]", highlight=False)
    console.print(f'                         [bold]hailong sql{option} "SHOW TABLES"[/]', highlight=False)
    console.print("Press Ctrl-C to stop everything.")


def migrate(directory: Dir = None) -> None:
    """Create or update the tables and views in ClickHouse, load the reference data, and set how long rows are kept.

    Run it before a new version, and when the file of HAILONG_REFERENCE_FILE has changed; repeating it is harmless. With
    HAILONG_CLICKHOUSE_KEEP_... run it once a month: it moves the limits.

    Example: HAILONG_CLICKHOUSE_HOST=clickhouse hailong migrate
    """
    from deploy.settings.clickhouse import ClickHouseSettings
    from deploy.settings.load import load
    from deploy.settings.reference import ReferenceSettings
    from deploy.settings.retention import RetentionSettings
    from sinks.clickhouse.client import session
    from sinks.clickhouse.migrate import migrate as run
    from sinks.clickhouse.retention.apply import describe

    variables = variables_for(directory, [ClickHouseSettings, ReferenceSettings, RetentionSettings])
    reference = load(ReferenceSettings, variables).data()
    retention = load(RetentionSettings, variables).retention()
    connection = load(ClickHouseSettings, variables).connection()
    done = run(connection, reference, retention)
    for warning in reference.warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(
        f"Applied: {', '.join(str(one) for one in done)}" if done else "Nothing to do: the database is up to date."
    )
    with session(connection) as client:
        typer.echo(describe(client, retention))
