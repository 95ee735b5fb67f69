"""A database that tests of working time share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from clickhouse_driver import Client
from support.clickhouse_server import ClickHouseServer, drop_databases
from support.scores import overtime_hours

from schemas.reference.site.reference import package_reference
from sinks.clickhouse.client import connect
from sinks.clickhouse.migrate import migrate


@pytest.fixture(scope="module")
def overtime_database(clickhouse_server: ClickHouseServer) -> Iterator[Client]:
    """A client of a migrated database whose calendar has overtime for one office."""
    connection = replace(clickhouse_server.connection("default"), database=f"t{uuid4().hex[:8]}")
    migrate(connection, replace(package_reference(), hours=overtime_hours()))
    client = connect(connection)
    yield client
    client.disconnect()
    drop_databases(connection, connection.database)
