"""What several commands look for before they do anything: the cluster, the terminal, the time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.cli.options import variables_for

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from schemas.codec.record import WriterSchemas
    from schemas.kafka.connection import KafkaConnection


def servers(directory: Path | None) -> tuple[KafkaConnection, WriterSchemas]:
    """The cluster, and where schemas that are not pinned come from.

    Raises:
        ConfigurationError: With all problems of the settings.
    """
    from deploy.settings import KafkaSettings, load  # noqa: PLC0415 imported here so that --help is quick
    from deploy.settings.registry import RegistrySettings  # noqa: PLC0415 as above

    variables = variables_for(directory, [KafkaSettings, RegistrySettings])
    connection = load(KafkaSettings, variables).connection()
    return connection, load(RegistrySettings, variables).writer_schemas(connection.topic_prefix)


def console(*, stderr: bool = False) -> Any:
    """A terminal of rich's, which colours nothing of its own accord."""
    from rich.console import Console  # noqa: PLC0415 imported here so that --help is quick

    return Console(stderr=stderr, highlight=False)


def now() -> int:
    """The present, epoch milliseconds."""
    return time.time_ns() // 1_000_000
