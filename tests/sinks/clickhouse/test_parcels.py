"""Migrations that copy many rows."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from support.captured_logs import logged_by
from support.clickhouse_server import ROOT, ClickHouseServer
from support.polling import DEADLINE_S, eventually
from support.sink_bench import SinkBench

from deploy.local.supervisor.child import bound_command
from schemas.errors import SystemFault
from sinks.clickhouse import ledger, parcels
from sinks.clickhouse import migrate as migrating
from sinks.clickhouse.client import session
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.parcels import Parcels, copy_parcels
from sinks.clickhouse.sql_files import SqlFile, migration_files

ROWS = 3_000_000
PROGRAM = ROOT / "tests" / "support" / "migration_program.py"
COPY = SqlFile(
    "9001_copy",
    """
CREATE TABLE IF NOT EXISTS target (id UInt64, total UInt64) ENGINE = ReplacingMergeTree ORDER BY id;

CREATE MATERIALIZED VIEW IF NOT EXISTS target_of_origin TO target AS SELECT id, amount * 2 AS total FROM origin;

-- What was there before the view.
-- parcels: origin by id, 50000 rows
INSERT INTO target SELECT id, amount * 2 AS total FROM origin WHERE {parcel};
""",
)
PROGRESS = "SELECT checksum FROM schema_migration FINAL WHERE name = '9001_copy/2' AND checksum != ''"


@pytest.fixture
def connection(database: Any, request: pytest.FixtureRequest) -> ClickHouseConnection:
    """An empty, migrated database."""
    server: ClickHouseServer = request.getfixturevalue("clickhouse_server")
    return server.connection(database.execute("SELECT currentDatabase()")[0][0])


def ask(connection: ClickHouseConnection, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query."""
    with session(connection, timeout_s=DEADLINE_S) as client:
        found: list[tuple[Any, ...]] = client.execute(query)
    return found


@pytest.mark.long
def test_a_copy_that_was_killed_goes_on_where_it_stopped(
    connection: ClickHouseConnection,
    clickhouse_server: ClickHouseServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Three million rows: killed in the middle with its server, run again, each is there, and none was copied twice."""
    ask(connection, "CREATE TABLE origin (id UInt64, amount UInt64) ENGINE = MergeTree ORDER BY id")
    ask(connection, f"INSERT INTO origin SELECT number * 3, number FROM numbers({ROWS})")
    given = {"connection": asdict(connection), "name": COPY.name, "text": COPY.text}
    with (tmp_path / "migrate.log").open("wb") as log:
        command = bound_command([sys.executable, str(PROGRAM), json.dumps(given, default=str)])
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        eventually(lambda: len(progress(connection)) > 0 and next_key(connection) > 300_000, "some parcels are copied")
    finally:
        process.kill()
        process.wait()
    clickhouse_server.kill()
    clickhouse_server.start()
    key = next_key(connection)
    assert key < 3 * ROWS
    assert COPY.name not in dict(ask(connection, "SELECT name, checksum FROM schema_migration FINAL"))

    # Rows that come meanwhile, below and above the place where it stopped; and a mark that shows what is copied again.
    ask(connection, "INSERT INTO origin VALUES (1, 1), (100000000, 1)")
    ask(connection, f"ALTER TABLE target DELETE WHERE id < {key} AND id != 1 SETTINGS mutations_sync = 1")

    monkeypatch.setattr(migrating, "migration_files", lambda: [*migration_files(), COPY])
    assert migrating.migrate(connection) == [COPY.name]
    assert migrating.migrate(connection) == []
    there = ask(connection, "SELECT count(), uniqExact(id), min(id) FROM target FINAL WHERE id != 1")
    rest = (3 * ROWS - key) // 3
    assert there == [(rest + 1, rest + 1, key)]
    assert ask(connection, "SELECT count() FROM target FINAL WHERE id = 1") == [(1,)]

    # A dropped table is filled again from the beginning.
    ask(connection, "DROP TABLE target")
    assert migrating.migrate(connection) == [COPY.name]
    assert ask(connection, "SELECT count(), sum(total) FROM target FINAL") == [(ROWS + 2, ROWS * (ROWS - 1) + 4)]


def progress(connection: ClickHouseConnection) -> list[tuple[Any, ...]]:
    """What the ledger notes about the copy."""
    return ask(connection, PROGRESS)


def next_key(connection: ClickHouseConnection) -> int:
    """The first key that is not copied."""
    return int(progress(connection)[0][0].removeprefix("at "))


KEYS = {
    "UInt64": "number",
    "LowCardinality(String)": r"concat('it\'s \\ ', toString(number % 9))",
    "UUID": "generateUUIDv4()",
    "DateTime64(3, 'UTC')": "toDateTime64('2020-01-01', 3, 'UTC') + number",
    "Tuple(UInt8, String)": "tuple(toUInt8(number % 3), toString(number % 2))",
}
"""Types of keys, and values of them."""


def test_keys_of_any_type_divide_rows(connection: ClickHouseConnection) -> None:
    """Each row is copied once, whatever the type of the key, and also where one key has more rows than a parcel."""
    for number, (kind, value) in enumerate(KEYS.items()):
        ask(connection, f"CREATE OR REPLACE TABLE origin (k {kind}, n UInt64) ENGINE = MergeTree ORDER BY k")
        ask(connection, "CREATE OR REPLACE TABLE copy (n UInt64) ENGINE = MergeTree ORDER BY n")
        ask(connection, f"INSERT INTO origin SELECT {value}, number FROM numbers(1000)")
        name, statement = f"copy/{number}", "INSERT INTO copy SELECT n FROM origin WHERE {parcel}"
        with session(connection) as client:
            for noted in (None, "end"):
                with logged_by(parcels) as logs:
                    copy_parcels(client, name, statement, Parcels("origin", "k", 90), noted)
                assert (len(logs) > 1) is (noted is None), kind
                assert client.execute("SELECT count(), uniqExact(n) FROM copy") == [(1000, 1000)], kind
            assert ledger.applied(client)[name] == "end"


def test_an_empty_table_is_one_parcel(connection: ClickHouseConnection) -> None:
    """Nothing to copy is no error; a column that is not there is one."""
    with session(connection) as client:
        statement = "INSERT INTO opinion (declaration) SELECT declaration FROM rating WHERE {parcel}"
        copy_parcels(client, "empty/0", statement, Parcels("rating", "declaration", 5), None)
        assert ledger.applied(client)["empty/0"] == "end"
        with pytest.raises(SystemFault, match="the table rating has no column nothing"):
            copy_parcels(client, "empty/1", statement, Parcels("rating", "nothing", 5), None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-- parcels: origin by id\nINSERT INTO t SELECT 1 WHERE {parcel};", "write `-- parcels: TABLE by COLUMN"),
        ("-- parcels: origin by id, 0 rows\nINSERT INTO t SELECT 1 WHERE {parcel};", "write `-- parcels:"),
        ("-- parcels: origin by id, 5 rows\nINSERT INTO t SELECT 1;", "belong together"),
        ("INSERT INTO t SELECT 1 WHERE {parcel};", "belong together"),
    ],
)
def test_a_directive_that_cannot_work_is_refused(text: str, words: str) -> None:
    """Directive and place belong together, so that no copy runs in one go by mistake."""
    with pytest.raises(ValueError, match=words):
        list(SqlFile("9002", text).steps())


def test_a_changed_table_that_was_dropped_is_changed_again(bench: SinkBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is created again gets the columns that later migrations added."""
    later = SqlFile("9003_more", "ALTER TABLE rating ADD COLUMN IF NOT EXISTS language String;\n")
    monkeypatch.setattr(migrating, "migration_files", lambda: [*migration_files(), later])
    assert migrating.migrate(bench.clickhouse) == ["9003_more"]
    bench.rows("DROP TABLE rating")
    again = migrating.migrate(bench.clickhouse)
    assert again[:2] == ["0002_events", "9003_more"]
    assert bench.rows("SELECT language FROM rating") == []
