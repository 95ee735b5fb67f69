"""One migrated database for all tests of a module: each fills it with a world of its own."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from support.clickhouse_server import ClickHouseServer, drop_databases

from sinks.clickhouse.client import connect
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.native.column_client import ColumnClient


@pytest.fixture(scope="module")
def guarded(clickhouse_server: ClickHouseServer) -> Iterator[ColumnClient]:
    """A client of a migrated database."""
    connection = clickhouse_server.connection(f"t{uuid4().hex[:8]}")
    migrate(connection)
    client = connect(connection, timeout_s=300)
    yield client
    client.disconnect()
    drop_databases(connection, connection.database)
