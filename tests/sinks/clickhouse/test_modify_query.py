"""How a materialized view changes: `ALTER TABLE … MODIFY QUERY` in a migration, while rows flow."""

from __future__ import annotations

import threading

import pytest
from support.polling import DEADLINE_S, eventually
from support.sink_bench import SinkBench
from support.threads import beside

from sinks.clickhouse import migrate as migrating
from sinks.clickhouse.client import session
from sinks.clickhouse.sql_files import SqlFile, migration_files

CHANGE = SqlFile(
    "9001_words",
    """
ALTER TABLE opinion ADD COLUMN IF NOT EXISTS words Bool DEFAULT false COMMENT 'Whether more than 20 characters';

ALTER TABLE opinion_of_rating MODIFY QUERY
SELECT toUInt64(substring(declaration_no, 1, 11)) AS declaration, sheet_id, declaration_no, tax_code, revision,
       submitted_at, phase, item_count, lowest_score AS level, has_comment, comment_length, has_contact,
       bitShiftLeft(toUInt128(revision), 64) + row_version AS precedence, comment_length > 20 AS words
FROM rating;

-- parcels: rating by declaration, 1000 rows
INSERT INTO opinion (declaration, sheet_id, declaration_no, tax_code, revision, submitted_at, phase, item_count, level,
                     has_comment, comment_length, has_contact, precedence, words)
SELECT declaration, sheet_id, declaration_no, tax_code, revision, submitted_at, phase, item_count, lowest_score,
       has_comment, comment_length, has_contact, bitShiftLeft(toUInt128(revision), 64) + row_version,
       comment_length > 20
FROM rating WHERE {parcel};
""",
)
ONE = "INSERT INTO rating (declaration_no, sheet_id, revision, comment_length) VALUES"
OPINIONS = "SELECT count(), countIf(words = (comment_length > 20)) FROM opinion FINAL"


@pytest.mark.long
def test_rows_before_during_and_after_the_change(bench: SinkBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is lost while the view changes: those before get the new column by the copy, those after by the view."""
    stop, sent = threading.Event(), [0]

    def write() -> None:
        with session(bench.clickhouse, timeout_s=DEADLINE_S) as client:
            while not stop.is_set():
                client.execute(ONE, [("103000000010", f"s{sent[0]}", 1, 10 + sent[0] % 20)])
                sent[0] += 1

    monkeypatch.setattr(migrating, "migration_files", lambda: [*migration_files(), CHANGE])
    with beside(write, stop, DEADLINE_S):
        eventually(lambda: sent[0] > 20, "rows before the change")
        migrating.migrate(bench.clickhouse)
        changed = sent[0]
        eventually(lambda: sent[0] > changed + 20, "rows after the change")
    assert bench.rows(OPINIONS) == [(sent[0], sent[0])]
    assert bench.rows("SELECT count() FROM opinion FINAL WHERE words")[0][0] > 0

    made = (
        "SELECT definer, create_table_query LIKE '%words%' FROM system.tables"
        " WHERE database = currentDatabase() AND name = 'opinion_of_rating'"
    )
    before = bench.rows(made)
    assert before == [(bench.clickhouse.user, 1)]
    bench.rows("DROP VIEW opinion_of_rating")
    assert CHANGE.name in migrating.migrate(bench.clickhouse)
    assert bench.rows(made) == before
