"""The `hailong` command: the list of its sub-commands, which are functions in `deploy/cli/commands/`.

A command imports what it needs inside its function, so that `hailong --help` answers at once.
"""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from deploy.cli.commands import (
    alert,
    audit,
    complaint,
    demo,
    dlq,
    processes,
    publish,
    reference,
    schemas,
    scores,
    servers,
    simulate,
    sql,
    topics,
)
from deploy.cli.error_report import REPORTING, report

app = typer.Typer(
    name="hailong",
    help="Service-quality ratings of customs declarations: from events in Kafka to satisfaction, complaints and alerts "
    "in ClickHouse.\n\nStart with **hailong demo**, or with **hailong up** in one terminal and "
    "**hailong simulate haiphong-2020** in another.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def options(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="On an error, show the traceback.")] = False,
) -> None:
    """Take the options that stand before the sub-command."""
    REPORTING.debug = debug
    # The driver logs each error with a traceback and also raises it; we report it in one sentence.
    logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)


def version() -> None:
    """Print the versions of hailong, Python and the main libraries."""
    import platform
    from importlib.metadata import version as of

    typer.echo(f"hailong {of('hailong')}")
    typer.echo(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    for name in ("faust-streaming", "confluent-kafka", "numba", "clickhouse-driver"):
        typer.echo(f"{name} {of(name)}")


START = "Run everything on this machine"
PARTS = "Run one process against your servers"
DATA = "Bring data in, query and check"
SETUP = "Set up servers"

app.command("up", rich_help_panel=START)(servers.up)
app.command("demo", rich_help_panel=START)(demo.demo)
app.command("worker", rich_help_panel=PARTS)(processes.worker)
app.command("sink", rich_help_panel=PARTS)(processes.sink)
app.command("webhook", rich_help_panel=PARTS)(processes.webhook)
app.command("alertmanager", rich_help_panel=PARTS)(processes.alertmanager)
app.command("publish", rich_help_panel=DATA)(publish.publish)
app.command("simulate", rich_help_panel=DATA)(simulate.simulate)
app.command("sql", rich_help_panel=DATA)(sql.sql)
app.command("audit", rich_help_panel=DATA)(audit.audit)
app.add_typer(dlq.app, name="dlq", rich_help_panel=DATA)
app.add_typer(complaint.app, name="complaint", rich_help_panel=DATA)
app.add_typer(alert.app, name="alert", rich_help_panel=DATA)
app.add_typer(scores.app, name="scores", rich_help_panel=DATA)
app.command("migrate", rich_help_panel=SETUP)(servers.migrate)
app.add_typer(topics.app, name="topics", rich_help_panel=SETUP)
app.add_typer(reference.app, name="reference", rich_help_panel=SETUP)
app.add_typer(schemas.app, name="schemas", rich_help_panel=SETUP)
app.command("version", rich_help_panel="Help")(version)


def main() -> None:
    """Run the command line; errors become one message and an exit status."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 the outermost frame: whatever it is, a person gets a sentence
        sys.exit(report(error))
    except KeyboardInterrupt as interrupt:
        sys.exit(report(interrupt))


if __name__ == "__main__":
    main()
