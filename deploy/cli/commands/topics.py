"""`hailong topics`."""

from __future__ import annotations

import typer

from deploy.cli.options import Dir, variables_for

app = typer.Typer(help="The topics on the Kafka cluster.", no_args_is_help=True)


@app.command()
def create(directory: Dir = None) -> None:
    """Create the topics that are missing and check those that are there.

    Nothing is changed about topics that exist; a contradiction is refused with a message, and nothing is created then.

    Example: HAILONG_KAFKA_BOOTSTRAP_SERVERS=kafka:9092 HAILONG_KAFKA_PARTITIONS=12 hailong topics create
    """
    from rich.console import Console  # noqa: PLC0415 imported here so that --help is quick
    from rich.table import Table  # noqa: PLC0415 as above

    from deploy.admin.topics import ensure_topics  # noqa: PLC0415 as above
    from deploy.settings import KafkaSettings, load  # noqa: PLC0415 as above

    settings = load(KafkaSettings, variables_for(directory, [KafkaSettings]))
    states = ensure_topics(
        settings.connection(), partitions=settings.partitions, replication_factor=settings.replication_factor
    )
    table = Table("topic", "partitions", "kept", "", box=None)
    for state in states:
        days = state.topic.value.retention_days
        kept = "the latest of each key" if days is None else f"{days} days"
        table.add_row(state.name, str(state.partitions), kept, "created" if state.created else "as it was")
    Console().print(table)
