"""`hailong topics`."""

from __future__ import annotations

import typer

from deploy.cli.options import Dir, variables_for

app = typer.Typer(help="Topics on the Kafka cluster.", no_args_is_help=True)


@app.command()
def create(directory: Dir = None) -> None:
    """Create the topics that are missing, and check those that exist.

    Existing topics are never changed. If one of them contradicts the contract, the command says so and creates nothing.

    Example: HAILONG_KAFKA_BOOTSTRAP_SERVERS=kafka:9092 HAILONG_KAFKA_PARTITIONS=12 hailong topics create
    """
    from rich.console import Console
    from rich.table import Table

    from deploy.admin.topics import ensure_topics
    from deploy.settings.kafka import KafkaSettings
    from deploy.settings.load import load

    settings = load(KafkaSettings, variables_for(directory, [KafkaSettings]))
    states = ensure_topics(
        settings.connection(), partitions=settings.partitions, replication_factor=settings.replication_factor
    )
    table = Table("topic", "partitions", "retention", "", box=None)
    for state in states:
        days = state.topic.value.retention_days
        kept = "latest record of each key" if days is None else f"{days} days"
        table.add_row(state.name, str(state.partitions), kept, "created" if state.created else "exists")
    Console().print(table)
