from __future__ import annotations

import pytest
from clickhouse_driver import Client
from support.clickhouse_server import ClickHouseServer
from support.clickhouses import on_both_clickhouses

from sinks.clickhouse.client import session
from sinks.clickhouse.definers import with_definer
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.sql_files import migration_files, view_files

SECURE = "DEFINER = `hailong_views` SQL SECURITY DEFINER"
OWN = "DEFINER = CURRENT_USER SQL SECURITY DEFINER"
DEFINERS = (
    "SELECT name, definer, currentUser() FROM system.tables"
    " WHERE database = currentDatabase() AND engine IN ('View', 'MaterializedView')"
)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("CREATE OR REPLACE VIEW v_a AS\nSELECT 1", f"CREATE OR REPLACE VIEW v_a {SECURE} AS\nSELECT 1"),
        ("CREATE VIEW IF NOT EXISTS `v_a` AS SELECT 1", f"CREATE VIEW IF NOT EXISTS `v_a` {SECURE} AS SELECT 1"),
        (
            "CREATE OR REPLACE VIEW v_a\n(\n    a Array(Tuple(b UInt8)) COMMENT 'c'\n)\nAS\nSELECT (\n1\n)",
            f"CREATE OR REPLACE VIEW v_a\n(\n    a Array(Tuple(b UInt8)) COMMENT 'c'\n) {SECURE}\nAS\nSELECT (\n1\n)",
        ),
        (
            "CREATE MATERIALIZED VIEW IF NOT EXISTS b_of_a TO b AS SELECT 1",
            f"CREATE MATERIALIZED VIEW IF NOT EXISTS b_of_a TO b {OWN} AS SELECT 1",
        ),
        ("CREATE TABLE IF NOT EXISTS a (b String)", "CREATE TABLE IF NOT EXISTS a (b String)"),
        ("INSERT INTO a SELECT 'CREATE VIEW v AS'", "INSERT INTO a SELECT 'CREATE VIEW v AS'"),
    ],
)
def test_only_statements_that_create_views_get_a_definer(statement: str, expected: str) -> None:
    """Plain views get the named user, materialized ones the one who makes them, everything else stays as it is."""
    assert with_definer(statement, "hailong_views") == expected
    assert with_definer(statement, "") == expected.replace(SECURE, OWN)


def test_a_name_cannot_end_its_quotes() -> None:
    """The name of the definer is quoted, so it cannot carry SQL."""
    assert "DEFINER = `a\\`b\\\\` SQL" in with_definer("CREATE VIEW v AS SELECT 1", "a`b\\")


def test_every_view_in_our_files_gets_one() -> None:
    """No file writes a statement that makes a view in a form that is not recognized."""
    made = [one for file in (*migration_files(), *view_files()) for one in file.statements() if " VIEW " in one[:60]]
    assert len(made) > 50
    assert all("SQL SECURITY DEFINER" in with_definer(one, "") for one in made)


@pytest.mark.servers
@on_both_clickhouses
def test_every_view_reads_with_the_rights_of_who_made_it(database: Client) -> None:
    """After `hailong migrate` each view and each materialized view has a definer: who ran it."""
    found = database.execute(DEFINERS)
    assert len(found) > 50
    assert [name for name, definer, me in found if definer != me] == []


@pytest.mark.servers
@on_both_clickhouses
def test_a_view_with_another_definer_gets_the_right_one(database: Client, clickhouse_server: ClickHouseServer) -> None:
    """A view without a definer gets it back, and keeps what it reads; a view that is not ours is left alone."""
    database.execute("CREATE OR REPLACE VIEW v_office AS SELECT 'as before' AS office")
    database.execute("DROP VIEW opinion_of_rating")
    database.execute("CREATE MATERIALIZED VIEW opinion_of_rating TO opinion AS SELECT sheet_id FROM rating")
    database.execute("CREATE VIEW theirs AS SELECT 1")
    connection = clickhouse_server.connection(database.connection.database)
    assert migrate(connection) == ["definer of opinion_of_rating", "definer of v_office"]
    with session(connection) as client:
        assert [name for name, definer, me in client.execute(DEFINERS) if definer != me] == ["theirs"]
        assert client.execute("SELECT office FROM v_office") == [("as before",)]
    assert migrate(connection) == []
