"""ClickHouse for the system tests, started once; every test has topics and databases of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from support.clickhouse import embedded_clickhouse
from support.pipeline import Pipeline

from schemas.kafka.connection import KafkaConnection
from sinks.clickhouse.connection import ClickHouseConnection


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseConnection]:
    """A running ClickHouse."""
    with embedded_clickhouse(tmp_path_factory.mktemp("clickhouse")) as connection:
        yield connection


@pytest.fixture
def pipeline(broker: str, clickhouse: ClickHouseConnection, tmp_path: Path) -> Iterator[Pipeline]:
    """A deployment without processes."""
    prefix = f"t{uuid4().hex[:8]}."
    kafka = KafkaConnection(broker, topic_prefix=prefix, session_timeout_ms=6_000)
    found = Pipeline(kafka, clickhouse, tmp_path)
    yield found
    found.close()
