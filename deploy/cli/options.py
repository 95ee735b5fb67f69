"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local.broker_kind import Broker

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from deploy.settings.group import SettingsGroup

DEFAULT_DIR = Path("var/up")

Dir = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        help="Directory of a running stack (`hailong up`), whose servers to use. "
        "Without it: the HAILONG_* settings, else var/up.",
        show_default=False,
        file_okay=False,
    ),
]


BrokerOption = Annotated[
    Broker,
    typer.Option(
        "--broker",
        help="embedded: starts at once, its topics are in memory only. kafka: Apache Kafka, whose topics stay in the "
        "directory; needs Java 17 and, the first time, Maven.",
    ),
]


def variables_for(directory: Path | None, groups: Sequence[type[SettingsGroup]]) -> dict[str, str]:
    """The settings of a command, checked for the components it uses.

    Args:
        directory: What `--dir` named; its stack then stands above the environment.
        groups: The components.

    Raises:
        ConfigurationError: With all problems; says how to start a stack when nothing says where the servers are.
    """
    from deploy.local.stack.layout import Layout  # noqa: PLC0415 see above
    from deploy.observability import configure_logs  # noqa: PLC0415 see above
    from deploy.settings import check, read_variables  # noqa: PLC0415 see above
    from schemas.errors import ConfigurationError  # noqa: PLC0415 see above

    configure_logs("warning")  # people get messages; long-running processes configure their own logs
    state = Layout((directory or DEFAULT_DIR).resolve()).state_file
    if directory is not None and not state.exists():
        raise ConfigurationError([f"No stack runs in {directory}: start one with `hailong up --dir {directory}`."])
    variables = read_variables(os.environ, stack=state, stack_wins=directory is not None)
    warn_of_unknown(variables)
    try:
        check(variables, groups)
    except ConfigurationError as error:
        if any(name.startswith(("HAILONG_KAFKA_", "HAILONG_CLICKHOUSE_")) for name in variables):
            raise
        hint = f"No stack runs in {DEFAULT_DIR}: start one with `hailong up`, or set where the servers are."
        raise ConfigurationError([*error.problems, hint]) from error
    return variables


def warn_of_unknown(variables: dict[str, str]) -> None:
    """Name variables that nothing reads, which are often misspelt."""
    from deploy.settings.all_groups import known_variables  # noqa: PLC0415 see above
    from deploy.settings.variables import unknown_variables  # noqa: PLC0415 see above

    for sentence in unknown_variables(variables, known_variables()):
        typer.echo(f"warning: {sentence}", err=True)
