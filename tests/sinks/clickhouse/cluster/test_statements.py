"""What our SQL becomes on a cluster. No cluster runs here: ClickHouse parses the statements, and files hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from clickhouse_driver import Client
from support.clickhouse_server import ClickHouseServer
from support.cluster_golden import CLUSTER, FOLDER, golden

from schemas.errors import SystemFault
from sinks.clickhouse.client import session
from sinks.clickhouse.cluster.statements import on_cluster
from sinks.clickhouse.definers import with_definer
from sinks.clickhouse.sql_files import SqlFile, migration_files, view_files

PATH = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
FILES = [*migration_files(), *view_files()]


@pytest.fixture(scope="module")
def engine(clickhouse_server: ClickHouseServer) -> Iterator[Client]:
    """A client of a server, which parses statements."""
    with session(clickhouse_server.connection()) as client:
        yield client


@pytest.mark.parametrize("name", sorted({*golden(), *(path.name for path in FOLDER.glob("*.sql"))}))
def test_a_migration_is_the_same_as_its_golden_file(name: str) -> None:
    """What a cluster gets for each migration is what the files say; `make golden` writes them anew after a change."""
    assert golden().get(name) == (FOLDER / name).read_text("utf-8"), "run `make golden`, and look at the difference"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_statement_is_for_the_cluster_and_can_be_parsed(file: SqlFile, engine: Client) -> None:
    """ClickHouse finds ON CLUSTER in each statement, and no table that would not be replicated."""
    for statement in file.statements():
        made = on_cluster(with_definer(statement, "hailong_views", "hailong_migrator"), CLUSTER)
        parsed: str = engine.execute("SELECT formatQuerySingleLine(%(made)s)", {"made": made})[0][0]
        if statement.startswith("INSERT "):
            assert made == statement
            continue
        assert re.match(rf"(CREATE|ALTER|DROP) [A-Z ]+ \w+ ON CLUSTER {CLUSTER} ", parsed), parsed
        assert not re.search(r"ENGINE = (?!Replicated)\w*MergeTree", parsed)
        assert "non_replicated" not in parsed
        if "MergeTree" in parsed:
            assert f"MergeTree({PATH}" in parsed


def test_one_server_gets_the_statements_of_the_files() -> None:
    """Without a cluster nothing is rewritten."""
    assert all(on_cluster(statement, "") == statement for file in FILES for statement in file.statements())


@pytest.mark.parametrize(
    ("statement", "made"),
    [
        (
            "CREATE DATABASE IF NOT EXISTS `hai` ENGINE = Atomic",
            "CREATE DATABASE IF NOT EXISTS `hai` ON CLUSTER `c` ENGINE = Atomic",
        ),
        ("ALTER TABLE opinion ADD COLUMN x UInt8", "ALTER TABLE opinion ON CLUSTER `c` ADD COLUMN x UInt8"),
        ("ALTER TABLE m MODIFY QUERY SELECT 1", "ALTER TABLE m ON CLUSTER `c` MODIFY QUERY SELECT 1"),
        ("DROP VIEW IF EXISTS v_old", "DROP VIEW IF EXISTS v_old ON CLUSTER `c`"),
        (
            "CREATE TABLE t (a UInt8)\nENGINE = MergeTree ORDER BY a",
            f"CREATE TABLE t ON CLUSTER `c` (a UInt8)\nENGINE = ReplicatedMergeTree({PATH}) ORDER BY a",
        ),
        ("RENAME TABLE a TO b", None),
        ("EXCHANGE TABLES a AND b", None),
        ("TRUNCATE TABLE a", None),
    ],
)
def test_statements_of_later_migrations(statement: str, made: str | None) -> None:
    """Each kind of statement that a migration may hold is rewritten; any other is refused, not run on one server."""
    if made is None:
        with pytest.raises(SystemFault, match="cannot be run on a cluster"):
            on_cluster(statement, "c")
    else:
        assert on_cluster(statement, "c") == made
