"""What the report of the demo counts: opinions, by the one definition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from clickhouse_driver import Client
from support.clickhouse_server import ClickHouseServer, drop_databases
from support.stored_rows import fact, store_facts, utc

from deploy.local.demo.figures import OfficeFigures, collect
from sinks.clickhouse.client import connect
from sinks.clickhouse.migrate import migrate

MORNING = utc("2020-05-15 02:00")


@pytest.fixture
def database(embedded_clickhouse: ClickHouseServer) -> Iterator[Client]:
    """A client of an empty, migrated database; the demo has no other ClickHouse."""
    connection = embedded_clickhouse.connection(f"t{uuid4().hex[:8]}")
    migrate(connection)
    client = connect(connection)
    yield client
    client.disconnect()
    drop_databases(connection, connection.database)


def test_two_sheets_of_one_declaration_are_one_opinion_of_the_report(database: Client) -> None:
    """During and after clearance together, as bad as the lowest score; a sheet that counts nowhere is none."""
    evening = MORNING + timedelta(hours=9)
    store_facts(
        database,
        [
            fact("03CC", "103000000010", "during", MORNING, 1, standing="VERIFIED", counts=True),
            fact("03CC", "103000000010", "after", evening, 5, standing="VERIFIED", counts=True),
            fact("03EE", "103000000010", "after", evening, 5, standing="VERIFIED", counts=True),
            fact("03CC", "303000000020", "other", evening, 4, standing="VERIFIED", counts=True),
            fact("03CC", "303000000030", "lost", evening, 1, standing="UNVERIFIED", counts=False),
        ],
    )
    found = collect(database.execute)
    assert (found.opinions, found.satisfied) == (2, 1)
    assert found.offices == (OfficeFigures("03CC", 2, 1, 1), OfficeFigures("03EE", 1, 1, 0))
