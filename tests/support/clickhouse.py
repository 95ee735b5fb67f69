"""What the sinks left in ClickHouse, as records."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from schemas.topics import Topic
from sinks.clickhouse.client import session
from sinks.clickhouse.connection import ClickHouseConnection
from support.comparison import Last, identity
from support.polling import DEADLINE_S

_WINDOWS = {300: "pane", 3_600: "hour", 86_400: "day", 604_800: "week", 2_592_000: "month"}
_TABLES = {
    Topic.RATED_SERVICE: "rated_service",
    Topic.COMPLAINT: "complaint",
    Topic.OFFICE_COUNT: "office_count",
    Topic.ALERT: "alert",
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
    with session(connection, timeout_s=DEADLINE_S) as client:
        found, columns = client.execute(query, with_column_types=True)
    names = [(name, kind.removeprefix("Nullable(").startswith("DateTime64")) for name, kind in columns]
    return [
        {name: _epoch_ms(value) if is_time else value for (name, is_time), value in zip(names, row, strict=True)}
        for row in found
    ]


def _epoch_ms(value: Any) -> int | None:
    return None if value is None else round(value.timestamp() * 1000)
