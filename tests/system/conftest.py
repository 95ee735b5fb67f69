"""A deployment for each system test, with topics and databases of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from support.clickhouse_server import ClickHouseServer
from support.pipeline import Pipeline

from schemas.kafka.connection import KafkaConnection


@pytest.fixture
def pipeline(broker: str, clickhouse_server: ClickHouseServer, tmp_path: Path) -> Iterator[Pipeline]:
    """A deployment without processes."""
    prefix = f"t{uuid4().hex[:8]}."
    kafka = KafkaConnection(broker, topic_prefix=prefix, session_timeout_ms=6_000)
    found = Pipeline(kafka, clickhouse_server.connection(), tmp_path)
    yield found
    found.close()
