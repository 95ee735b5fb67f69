"""What several commands need: the cluster and the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from deploy.cli.options import variables_for

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from collections.abc import Mapping

    from schemas.codec.record import WriterSchemas
    from schemas.kafka.connection import KafkaConnection

    Cluster: TypeAlias = tuple[KafkaConnection, WriterSchemas]


def kafka_cluster(directory: Path | None) -> Cluster:
    """The Kafka cluster, and where schemas come from that are not pinned.

    Raises:
        ConfigurationError: With all problems of the settings.
    """
    from deploy.settings.kafka import KafkaSettings
    from deploy.settings.registry import RegistrySettings

    return cluster_of(variables_for(directory, [KafkaSettings, RegistrySettings]))


def cluster_of(variables: Mapping[str, str]) -> Cluster:
    """Likewise, for a command that needs other settings too; `variables` are those of the command."""
    from deploy.settings.kafka import KafkaSettings
    from deploy.settings.load import load
    from deploy.settings.registry import RegistrySettings

    connection = load(KafkaSettings, variables).connection()
    return connection, load(RegistrySettings, variables).writer_schemas(connection.topic_prefix)


def console(*, stderr: bool = False) -> Any:
    """A rich console that does not colour numbers and names by itself."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)
