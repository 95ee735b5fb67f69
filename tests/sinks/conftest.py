"""Sinks on an embedded broker and each ClickHouse; each test has topics and a database of its own."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from clickhouse_driver import Client
from support.clickhouse_server import ClickHouseServer, drop_databases
from support.sink_bench import SinkBench, SinkProcess, new_sink_bench

from sinks.clickhouse.client import connect
from sinks.clickhouse.migrate import migrate


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[Callable[..., SinkProcess]]:
    """Starts sinks as processes: `sinks(bench, name, settings={}, **options)`; what still runs is killed at the end."""
    running: list[SinkProcess] = []

    def start(bench: SinkBench, name: str, settings: Mapping[str, Any] | None = None, **options: Any) -> SinkProcess:
        running.append(SinkProcess(bench, tmp_path, name, settings or {}, **options))
        return running[-1]

    yield start
    for one in running:
        one.end(signal.SIGKILL)


@pytest.fixture
def bench(clickhouse_server: ClickHouseServer, broker: str) -> Iterator[SinkBench]:
    """Empty topics and an empty, migrated database."""
    found = new_sink_bench(clickhouse_server, broker)
    yield found
    found.drop()


@pytest.fixture
def database(clickhouse_server: ClickHouseServer) -> Iterator[Client]:
    """A client of an empty, migrated database."""
    connection = clickhouse_server.connection(f"t{uuid4().hex[:8]}")
    migrate(connection)
    client = connect(connection)
    yield client
    client.disconnect()
    drop_databases(connection, connection.database)
