from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from support.clickhouse_server import ClickHouseServer
from support.clickhouses import on_both_clickhouses
from support.extras import needs_clickhouse_client, needs_clickhouse_connect, needs_jdbc, needs_node_client
from support.foreign_clients import CLICKHOUSE_CONNECT, CLICKHOUSE_DRIVER, DEBIAN, JDBC, NODE, ForeignClient
from support.polling import DEADLINE_S

from sinks.clickhouse.client import session

FIRST_MS = 1_764_489_600_123
STREAMED = 20_000_000
CLIENTS = (
    pytest.param(CLICKHOUSE_DRIVER, id="driver", marks=pytest.mark.long),
    pytest.param(CLICKHOUSE_CONNECT, id="connect", marks=needs_clickhouse_connect),
    pytest.param(JDBC, id="jdbc", marks=needs_jdbc),
    pytest.param(NODE, id="node", marks=needs_node_client),
    pytest.param(DEBIAN, id="debian", marks=needs_clickhouse_client),
)
pytestmark = [pytest.mark.servers, on_both_clickhouses, pytest.mark.parametrize("client", CLIENTS)]


@pytest.fixture(scope="module")
def database(clickhouse_server: ClickHouseServer) -> str:
    """A database of this module on each server."""
    name = "clients_" + uuid.uuid4().hex
    with session(clickhouse_server.connection(), timeout_s=DEADLINE_S) as connected:
        connected.execute(f"CREATE DATABASE {name}")
    return name


@pytest.fixture
def contract(clickhouse_server: ClickHouseServer, database: str) -> Iterator[str]:
    """The database, with an empty table `contract` in it."""
    with session(clickhouse_server.connection(database), timeout_s=DEADLINE_S) as connected:
        connected.execute(
            "CREATE TABLE contract (n UInt32, s LowCardinality(String), maybe Nullable(Int16), day Date, "
            "at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY n"
        )
        yield database
        connected.execute("DROP TABLE contract SYNC")


def test_it_connects_and_lists(clickhouse_server: ClickHouseServer, contract: str, client: ForeignClient) -> None:
    """With its usual settings a client learns the server's version and sees the tables."""
    with session(clickhouse_server.connection(), timeout_s=DEADLINE_S) as connected:
        [(version,)] = connected.execute("SELECT version()")
    assert client.ask(clickhouse_server, contract, "version") == version
    assert client.ask(clickhouse_server, contract, "tables") == ["contract"]


def test_it_inserts_and_selects(clickhouse_server: ClickHouseServer, contract: str, client: ForeignClient) -> None:
    """Rows that a client inserts are all there, and come back to it as they went."""
    count = 30_000
    assert client.ask(clickhouse_server, contract, "insert", count, FIRST_MS) == count
    with session(clickhouse_server.connection(contract), timeout_s=DEADLINE_S) as connected:
        stored = connected.execute(
            "SELECT count(), sum(n), countIf(maybe IS NULL), sum(maybe), uniqExact(s), "
            "sum(toUnixTimestamp64Milli(at)), uniqExact(day) FROM contract"
        )
    optional = [n % 1000 for n in range(count) if n % 3]
    times = sum(FIRST_MS + n for n in range(count))
    assert stored == [(count, sum(range(count)), count - len(optional), sum(optional), count, times, 1)]
    assert client.ask(clickhouse_server, contract, "select") == [
        [n, f"row {n} Hải Phòng", None if n % 3 == 0 else n, "2025-11-30", FIRST_MS + n] for n in range(3)
    ]


def test_it_streams(clickhouse_server: ClickHouseServer, database: str, client: ForeignClient) -> None:
    """Twenty million rows arrive, none lost and none twice."""
    expected = [STREAMED, STREAMED * (STREAMED - 1) // 2]
    assert client.ask(clickhouse_server, database, "stream", STREAMED) == expected


def test_it_cancels(clickhouse_server: ClickHouseServer, database: str, client: ForeignClient) -> None:
    """The way to cancel that a client's users have ends the query at the server, which then serves others.

    How long that takes is a figure of docs/clients.md; a busy machine may need longer here.
    """
    assert client.ask(clickhouse_server, database, "cancel", "q" + uuid.uuid4().hex) < DEADLINE_S
    assert client.ask(clickhouse_server, database, "tables") == []
