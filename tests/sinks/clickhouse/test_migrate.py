"""Migrations of a database that somebody has changed by hand."""

from __future__ import annotations

from support.sink_bench import SinkBench

from sinks.clickhouse.client import session
from sinks.clickhouse.migrate import migrate


def test_views_come_back_in_their_newest_form(bench: SinkBench) -> None:
    """A dropped view is created again, and views that a later migration changed keep their newest form."""
    newest = "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() AND engine = 'View'"
    with session(bench.clickhouse) as client:
        before = dict(client.execute(newest))
        client.execute("DROP VIEW v_alerts")
        again = migrate(bench.clickhouse)
        after = dict(client.execute(newest))
    assert again
    assert after == before


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
