"""Options that several commands share, and the settings of a command."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.local.broker_kind import Broker
from deploy.local.clickhouse_kind import ClickHouseKind

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from deploy.settings.group import SettingsGroup

OF_OPTIONS = ("HAILONG_ALERT_BY", "HAILONG_COMPLAINT_BY")
"""Variables that are the default of an option, and no setting: who acts on alerts and on complaints."""

DEFAULT_DIR = Path("var/up")
_SERVERS = ("HAILONG_KAFKA_BOOTSTRAP_SERVERS is not set", "HAILONG_CLICKHOUSE_HOST is not set")

Dir = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        help="Use the servers of the stack that `hailong up` runs in this directory. "
        "Without it: the servers of the HAILONG_* settings, or else those of var/up.",
        show_default=False,
        file_okay=False,
    ),
]
BrokerOption = Annotated[
    Broker,
    typer.Option(
        "--broker",
        help="embedded: starts at once, keeps topics in memory only. kafka: Apache Kafka, keeps topics in the "
        "directory; needs Java 17 and, the first time, Maven.",
    ),
]
ClickHouseOption = Annotated[
    ClickHouseKind,
    typer.Option(
        "--clickhouse",
        help="embedded: needs Python only. server: a real ClickHouse server, as production has; needs Linux on x86-64 "
        "and, the first time, npm. Each has data of its own: a directory stays with one of them.",
    ),
]


def _port_option(name: str, what: str) -> Any:
    return typer.Option(
        f"--{name}-port", min=1, max=65_535, help=f"Port of {what} (default: that of the last start in this directory)."
    )


KafkaPort = Annotated[int | None, _port_option("kafka", "Kafka")]
ClickHousePort = Annotated[int | None, _port_option("clickhouse", "ClickHouse's native protocol")]
ClickHouseHttpPort = Annotated[int | None, _port_option("clickhouse-http", "ClickHouse's HTTP")]
Seed = Annotated[int, typer.Option(min=0, help="A different seed gives other events with the same figures.")]
Scale = Annotated[float, typer.Option(min=0.01, max=1, help="Size of the scenario; 1 is all of Hai Phong.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per line, for programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


def variables_for(directory: Path | None, groups: Sequence[type[SettingsGroup]]) -> dict[str, str]:
    """The variables of a command, checked for the settings groups it uses.

    If `directory` (`--dir`) is given, the settings of its stack win over the environment.

    Raises:
        ConfigurationError: With all problems; says how to start a stack when no servers are named at all.
    """
    from deploy.local.stack.layout import Layout
    from deploy.observability import configure_logs
    from deploy.settings.load import check
    from deploy.settings.variables import read_variables
    from schemas.errors import ConfigurationError

    configure_logs("warning")  # for commands that print messages; long-running processes configure their own logs
    state = Layout((directory or DEFAULT_DIR).resolve()).state_file
    if directory is not None and not state.exists():
        raise ConfigurationError([f"No stack runs in {directory}: start one with `hailong up --dir {directory}`."])
    variables = read_variables(os.environ, stack=state, stack_wins=directory is not None)
    warn_of_unknown(variables)
    try:
        check(variables, groups)
    except ConfigurationError as error:
        named = any(name.startswith(("HAILONG_KAFKA_", "HAILONG_CLICKHOUSE_")) for name in variables)
        if named or not any(problem.startswith(_SERVERS) for problem in error.problems):
            raise
        hint = (
            f"No servers are named and no stack runs in {DEFAULT_DIR}: set the variables above, or start a stack with "
            "`hailong up`."
        )
        raise ConfigurationError([*error.problems, hint]) from error
    return variables


def warn_of_unknown(variables: dict[str, str]) -> None:
    """Warn of variables that nothing reads: they are often misspelt."""
    from deploy.settings.all_groups import known_variables
    from deploy.settings.variables import unknown_variables

    for sentence in unknown_variables(variables, {*known_variables(), *OF_OPTIONS}):
        typer.echo(f"warning: {sentence}", err=True)
