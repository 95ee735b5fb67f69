"""Migrations of a database that somebody has changed by hand."""

from __future__ import annotations

from support.sink_bench import SinkBench

from sinks.clickhouse.client import session
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.sql_files import migration_files, view_files


def test_a_dropped_view_comes_back(bench: SinkBench) -> None:
    """A dropped view is created again, with the views that read it, and no other."""
    newest = "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() AND engine = 'View'"
    with session(bench.clickhouse) as client:
        before = dict(client.execute(newest))
        client.execute("DROP VIEW v_alerts")
        again = migrate(bench.clickhouse)
        after = dict(client.execute(newest))
    assert again == ["v_alerts", "v_alert_precision", "v_alert_targets"]
    assert after == before


def test_a_changed_view_is_applied_again(bench: SinkBench) -> None:
    """A view whose file has changed since it was applied is replaced, with the views that read it."""
    with session(bench.clickhouse) as client:
        client.execute("CREATE OR REPLACE VIEW v_office AS SELECT 'of an earlier version' AS office")
        client.execute("INSERT INTO schema_migration (name, checksum) VALUES", [("v_office", "of an earlier version")])
        assert migrate(bench.clickhouse) == ["v_office"]
        assert client.execute("SELECT count(since) > 0 FROM v_office") == [(1,)]
        assert migrate(bench.clickhouse) == []


def test_each_view_is_one_file_and_no_migration_has_one() -> None:
    """A view's file bears its name and creates it alone; views come after those that they read."""
    views = view_files()
    assert all(file.creates() == {file.name} for file in views)
    names = [file.name for file in views]
    assert all(names.index(read) < names.index(file.name) for file in views for read in file.reads if read in names)
    assert not [name for file in migration_files() for name in file.creates() if name in names]


def test_reference_tables_come_back_with_their_rows(bench: SinkBench) -> None:
    """A dropped reference table is created and filled again, though the ledger records it as loaded."""
    with session(bench.clickhouse) as client:
        before = {
            name: client.execute(f"SELECT count() FROM {name}") for name in ("reference_step", "reference_working_day")
        }
        for name in before:
            client.execute(f"DROP TABLE {name}")
        migrate(bench.clickhouse)
        after = {name: client.execute(f"SELECT count() FROM {name}") for name in before}
    assert after == before
    assert all(rows > 0 for ((rows,),) in before.values())
