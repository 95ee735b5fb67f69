from __future__ import annotations

import uuid

import pytest
from clickhouse_driver.errors import ServerException
from support.clickhouse_server import READER_PASSWORD, ClickHouseServer
from support.clickhouses import on_both_clickhouses
from support.polling import DEADLINE_S

from deploy.local.clickhouse_kind import READER
from sinks.clickhouse.client import session

pytestmark = [pytest.mark.servers, on_both_clickhouses]

WRITES = [
    "INSERT INTO t SELECT 2",
    "CREATE TABLE u (a UInt8) ENGINE = Memory",
    "DROP TABLE t",
    "TRUNCATE TABLE t",
    "ALTER TABLE t DELETE WHERE 1",
    "OPTIMIZE TABLE t",
    "CREATE DATABASE another",
    "SET readonly = 0",
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
]


def test_the_second_user_of_a_stack_only_reads(clickhouse_server: ClickHouseServer) -> None:
    """On each server the user `reader` lists, selects and changes settings, and changes nothing else."""
    name = "reading_" + uuid.uuid4().hex
    with session(clickhouse_server.connection(), timeout_s=DEADLINE_S) as owner:
        owner.execute(f"CREATE DATABASE {name}")
        owner.execute(f"CREATE TABLE {name}.t ENGINE = MergeTree ORDER BY a AS SELECT 1 AS a")
    connection = clickhouse_server.connection(name, READER, READER_PASSWORD)
    with session(connection, timeout_s=DEADLINE_S) as reader:
        assert reader.execute("SHOW TABLES") == [("t",)]
        assert reader.execute("SELECT a, getSetting('max_threads') FROM t", settings={"max_threads": 2}) == [(1, 2)]
        for statement in WRITES:
            with pytest.raises(ServerException) as raised:
                reader.execute(statement)
            # Not the same code everywhere: the server names a missing right before it looks at `readonly`.
            assert raised.value.code in {164, 344, 497}, (statement, raised.value.code)
        assert reader.execute("SELECT a FROM t") == [(1,)]
