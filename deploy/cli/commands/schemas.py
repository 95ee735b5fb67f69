"""`hailong schemas`."""

from __future__ import annotations

import typer

from deploy.cli.error_report import FAILED

app = typer.Typer(help="Avro schemas of the records, with their pinned ids.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List the schemas: id, subject, version, file and key of the topic.

    The first bytes of every record hold the id of its schema. A published id never changes its meaning.

    Example: hailong schemas list
    """
    from rich.console import Console
    from rich.table import Table

    from schemas.catalogue import PINNED
    from schemas.topics import Topic

    table = Table("id", "subject", "version", "file", "topic key", box=None, header_style="bold")
    for pinned in PINNED:
        key = Topic.of_subject(pinned.subject).value.key
        table.add_row(
            str(pinned.schema_id), pinned.subject, str(pinned.version), f"schemas/avro/{pinned.filename}", key
        )
    Console().print(table)


@app.command()
def check() -> None:
    """Check that every version of a schema can read the records of every other one (full transitive compatibility).

    The exit status is 1 if a change is incompatible. `make lint` runs this.

    Example: hailong schemas check
    """
    from schemas.catalogue import PINNED

    _refuse_incompatible()
    typer.echo(f"{len(PINNED)} schemas are compatible with each other.")


@app.command()
def register() -> None:
    """Register the missing schemas in the Schema Registry, under their pinned ids.

    Nothing is registered if `hailong schemas check` finds a problem, or if the registry holds a version that is not
    compatible with ours. Afterwards the registry refuses incompatible versions from anybody (FULL_TRANSITIVE).

    Needs HAILONG_SCHEMA_REGISTRY_URL, and a registry that allows import mode.

    Example: HAILONG_SCHEMA_REGISTRY_URL=https://registry:8081 hailong schemas register
    """
    import os

    from deploy.cli.options import warn_of_unknown
    from deploy.settings.kafka import KafkaSettings
    from deploy.settings.load import load
    from deploy.settings.registry import RegistrySettings
    from deploy.settings.variables import read_variables
    from schemas.kafka.connection import KafkaConnection

    _refuse_incompatible()
    variables = read_variables(os.environ)
    warn_of_unknown(variables)
    prefix = variables.get(KafkaSettings.variable("topic_prefix"), KafkaConnection("").topic_prefix)
    registered = load(RegistrySettings, variables).registry(prefix).register()
    for pinned in registered:
        typer.echo(f"registered {pinned.schema_id} {pinned.filename}")
    if not registered:
        typer.echo("Nothing to do: the registry has all schemas.")


def _refuse_incompatible() -> None:
    from schemas.evolution.compatibility import check_catalogue

    problems = check_catalogue()
    for problem in problems:
        typer.echo(f"incompatible: {problem}", err=True)
    if problems:
        raise typer.Exit(FAILED)
