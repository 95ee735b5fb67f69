"""Topics and worker processes for the tests of the worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from support.polling import DEADLINE_S
from support.worker_bench import WorkerBench

from schemas.kafka.connection import KafkaConnection


@pytest.fixture
def bench(broker: str, tmp_path: Path) -> Iterator[WorkerBench]:
    """A fresh topic prefix; topics are not yet created."""
    connection = KafkaConnection(broker, topic_prefix=f"t{uuid4().hex[:8]}.", session_timeout_ms=6_000)
    made = WorkerBench(
        connection, AdminClient(dict(connection.client_config())), Producer(connection.producer_config()), tmp_path
    )
    try:
        yield made
    finally:
        for reader, _positions, _values in made.readers.values():
            reader.close()
        for process in made.workers:
            if process.poll() is None:
                process.kill()
                process.wait(DEADLINE_S)
