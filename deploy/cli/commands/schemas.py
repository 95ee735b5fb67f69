"""`hailong schemas`."""

from __future__ import annotations

import typer

from deploy.cli.error_report import FAILED

app = typer.Typer(help="The schemas of the contract, with their pinned ids.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List the schemas: id, subject, version and file.

    The id is what stands in the first bytes of every record. A published id never changes its meaning.

    Example: hailong schemas list
    """
    from rich.console import Console  # noqa: PLC0415 imported here so that --help is quick
    from rich.table import Table  # noqa: PLC0415 as above

    from schemas.catalogue import PINNED  # noqa: PLC0415 as above
    from schemas.topics import Topic  # noqa: PLC0415 as above

    table = Table("id", "subject", "version", "file", "key of its topic", box=None, header_style="bold")
    for pinned in PINNED:
        key = Topic.of_subject(pinned.subject).value.key
        table.add_row(
            str(pinned.schema_id), pinned.subject, str(pinned.version), f"schemas/avro/{pinned.filename}", key
        )
    Console().print(table)


@app.command()
def check() -> None:
    """Check that no version of a schema breaks readers or writers of another one (full transitive compatibility).

    Part of `make lint`: the exit status is 1 if a change is incompatible.

    Example: hailong schemas check
    """
    from schemas.catalogue import PINNED  # noqa: PLC0415 imported here so that --help is quick

    _refuse_incompatible()
    typer.echo(f"{len(PINNED)} schemas are compatible with each other.")


@app.command()
def register() -> None:
    """Put the schemas that are missing into the Schema Registry, under their pinned ids.

    Nothing is registered while `hailong schemas check` finds a problem, or the registry has a version that ours do not
    fit. Afterwards the registry refuses incompatible versions from anybody (FULL_TRANSITIVE).

    Needs HAILONG_SCHEMA_REGISTRY_URL, and a registry that allows the import mode.

    Example: HAILONG_SCHEMA_REGISTRY_URL=https://registry:8081 hailong schemas register
    """
    import os  # noqa: PLC0415 as above

    from deploy.cli.options import warn_of_unknown  # noqa: PLC0415 as above
    from deploy.settings import KafkaSettings, load, read_variables  # noqa: PLC0415 as above
    from deploy.settings.registry import RegistrySettings  # noqa: PLC0415 as above

    _refuse_incompatible()
    variables = read_variables(os.environ)
    warn_of_unknown(variables)
    prefix = variables.get(KafkaSettings.variable("topic_prefix"), KafkaSettings.model_fields["topic_prefix"].default)
    registered = load(RegistrySettings, variables).registry(prefix).register()
    for pinned in registered:
        typer.echo(f"registered {pinned.schema_id} {pinned.filename}")
    if not registered:
        typer.echo("Nothing to do: the registry has all schemas.")


def _refuse_incompatible() -> None:
    from schemas.evolution.compatibility import check_catalogue  # noqa: PLC0415 imported here so that --help is quick

    problems = check_catalogue()
    for problem in problems:
        typer.echo(f"incompatible: {problem}", err=True)
    if problems:
        raise typer.Exit(FAILED)
