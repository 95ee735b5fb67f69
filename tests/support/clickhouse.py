"""The embedded ClickHouse as a test's server, and what the sinks left in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from clickhouse_driver.errors import Error as DriverError

from deploy.local.ports import free_port
from schemas.topics import Topic
from sinks.clickhouse.client import connect, session
from sinks.clickhouse.connection import ClickHouseConnection
from support.comparison import Last, identity
from support.polling import DEADLINE_S, eventually

PASSWORD = "system-test"
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def embedded_clickhouse(directory: Path) -> Iterator[ClickHouseConnection]:
    """A running server; the connection names its default database."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "deploy.local.clickhouse", "--path", str(directory / "data")),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    environment = {**os.environ, "HAILONG_CLICKHOUSE_PASSWORD": PASSWORD}
    with (directory / "clickhouse.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    connection = ClickHouseConnection(port=port, password=PASSWORD, database="default")
    try:
        eventually(lambda: process.poll() is not None or _answers(connection), "ClickHouse answers or ends")
        assert process.poll() is None, "ClickHouse ended at its start"
        yield connection
    finally:
        process.terminate()
        try:
            process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def drop_databases(connection: ClickHouseConnection, prefix: str) -> None:
    """Drop the databases of a test, whose names begin so: a server is busy with tables that nobody uses any more."""
    with session(replace(connection, database="default"), timeout_s=20) as client:
        for (name,) in client.execute("SELECT name FROM system.databases"):
            if name.startswith(prefix):
                client.execute(f"DROP DATABASE `{name}`")


def _answers(connection: ClickHouseConnection) -> bool:
    client = connect(connection, timeout_s=2)
    try:
        return bool(client.execute("SELECT 1"))
    except (DriverError, EOFError, OSError):
        return False
    finally:
        client.disconnect()


_WINDOWS = {300: "pane", 3_600: "hour", 86_400: "day", 604_800: "week", 2_592_000: "month"}
_TABLES = {
    Topic.RATED_SERVICE: "rated_service",
    Topic.COMPLAINT: "complaint",
    Topic.OFFICE_COUNT: "office_count",
}


def read_database(connection: ClickHouseConnection) -> Last:
    """The rows that count in a database, as records for `support.comparison.compare`; times in epoch milliseconds."""
    last: Last = {}
    for topic, table in _TABLES.items():
        for row in rows(connection, f"SELECT * FROM {table} FINAL"):
            record = SimpleNamespace(**row)
            last[topic, identity(record)] = record
    windows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows(connection, "SELECT * FROM satisfaction FINAL"):
        head = {name: row[name] for name in ("target", "office", "target_id", "window_end")}
        counts = tuple(row[f"score_{score}"] for score in range(1, 6))
        windows.setdefault(tuple(head.values()), head)[_WINDOWS[row["window_seconds"]]] = counts
    last.update({(Topic.SATISFACTION, key): SimpleNamespace(**record) for key, record in windows.items()})
    return last


def rows(connection: ClickHouseConnection, query: str) -> list[dict[str, Any]]:
    """Rows of a query; times as epoch milliseconds."""
    with session(connection, timeout_s=60) as client:
        found, columns = client.execute(query, with_column_types=True)
    names = [(name, kind.removeprefix("Nullable(").startswith("DateTime64")) for name, kind in columns]
    return [
        {name: _epoch_ms(value) if is_time else value for (name, is_time), value in zip(names, row, strict=True)}
        for row in found
    ]


def _epoch_ms(value: Any) -> int | None:
    return None if value is None else round(value.timestamp() * 1000)
