from __future__ import annotations

import pytest
from support.clickhouse_server import ClickHouseServer
from support.clickhouses import on_both_clickhouses
from support.extras import needs_clickhouse_connect
from support.foreign_clients import CLICKHOUSE_CONNECT

pytestmark = [pytest.mark.servers, on_both_clickhouses, needs_clickhouse_connect]


def test_a_client_with_a_session_keeps_its_temporary_tables(clickhouse_server: ClickHouseServer) -> None:
    """clickhouse-connect, which makes itself a session, finds its temporary table in the next request."""
    assert CLICKHOUSE_CONNECT.ask(clickhouse_server, "default", "temporary") == 7
