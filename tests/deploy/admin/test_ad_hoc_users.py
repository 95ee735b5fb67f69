"""Who runs a statement: a user who may only read, one without a server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.clickhouse_server import PASSWORD, ClickHouseServer, running_clickhouse
from support.extras import needs_clickhouse_server

from deploy.admin.ad_hoc_queries import AdHocQuery, ReadOnly, run
from deploy.local.clickhouse_kind import ClickHouseKind
from deploy.local.ports import free_port
from schemas.errors import Unavailable
from sinks.clickhouse.connection import ClickHouseConnection


@pytest.fixture(scope="module")
def server_with_readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """A real server with users whose profiles have readonly 1 and 2, and who hold all rights to tables."""
    directory = tmp_path_factory.mktemp("readers")
    users = "".join(
        f"<reader{level}><password>{PASSWORD}</password><networks><ip>127.0.0.1</ip></networks>"
        f"<profile>readonly{level}</profile><quota>default</quota></reader{level}>"
        for level in (1, 2)
    )
    profiles = "".join(f"<readonly{level}><readonly>{level}</readonly></readonly{level}>" for level in (1, 2))
    file = directory / "users.xml"
    file.write_text(
        f"<clickhouse><profiles><default/>{profiles}</profiles><quotas><default/></quotas>"
        f"<users>{users}</users></clickhouse>"
    )
    with running_clickhouse(directory, ClickHouseKind.SERVER, file) as server:
        yield server


@pytest.mark.servers
@needs_clickhouse_server
@pytest.mark.parametrize("level", [1, 2])
def test_a_user_who_may_only_read_can_ask(server_with_readers: ClickHouseServer, level: int) -> None:
    """With parameters too, although such a user may not send the setting readonly again."""
    connection = server_with_readers.connection(user=f"reader{level}")
    with run(connection, AdHocQuery("SELECT {x:String}", {"x": "y"})) as result:
        assert [tuple(row) for row in result.rows] == [(b"y",)]


@pytest.mark.servers
@needs_clickhouse_server
@pytest.mark.parametrize("may_write", [False, True])
@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("statement", ["CREATE TABLE t (a UInt8) ENGINE = Memory", "SELECT 1 SETTINGS readonly = 0"])
def test_a_user_who_may_only_read_hears_so(
    server_with_readers: ClickHouseServer, level: int, statement: str, may_write: bool
) -> None:
    """The error does not advise --write, which would not help."""
    connection = server_with_readers.connection(user=f"reader{level}")
    with (
        pytest.raises(ReadOnly, match=f"ClickHouse lets the user reader{level} only read") as raised,
        run(connection, AdHocQuery(statement, may_write=may_write)),
    ):
        pass
    assert "--write" not in str(raised.value)


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    """The address is named."""
    port = free_port()
    with (
        pytest.raises(Unavailable, match=f"127.0.0.1:{port} does not answer"),
        run(ClickHouseConnection(port=port), AdHocQuery("SELECT 1")),
    ):
        pass
