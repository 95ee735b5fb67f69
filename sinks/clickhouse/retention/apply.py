"""Turns the settings of retention into TTLs of tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import structlog

from sinks.clickhouse.cluster.replicas import execute_everywhere, quorum
from sinks.clickhouse.native.column_client import ColumnClient
from sinks.clickhouse.retention.limits import ERA, OF_DECLARATIONS, OF_MONTHS, TABLE, Limits
from sinks.clickhouse.retention.options import Retention

log = structlog.get_logger(__name__)


def apply_retention(client: ColumnClient, retention: Retention) -> Iterator[str]:
    """Give each table the TTL that the settings ask for, or take it away; yields what was changed.

    ClickHouse drops old rows in the background. Rows that come later and are old already are dropped at a merge.

    Args:
        client: Connected to the database, all migrations applied.
        retention: The settings.
    """
    limits = find_limits(client, retention)
    conditions = limits.conditions()
    present = _ttls(client)
    for table in (*OF_DECLARATIONS, *OF_MONTHS):
        wanted = _ttl(client, conditions[table]) if table in conditions else ""
        if wanted == present.get(table, ""):
            continue
        # Noted first: if this fails here, the audit expects too little, and the next run repeats it.
        _note(client, limits)
        change = f"MODIFY TTL {wanted}" if wanted else "REMOVE TTL"
        execute_everywhere(client, f"ALTER TABLE {table} {change}")
        log.info("retention_changed", table=table, drops=conditions.get(table, "nothing"))
        yield f"retention of {table}"


def find_limits(client: ColumnClient, retention: Retention) -> Limits:
    """The limits that the settings mean today.

    A declaration is dropped if its number is below that of every declaration registered within the days. So whatever
    the order in which numbers were given, none of those is dropped; one with a number far too low keeps more.
    """
    found: dict[str, int] = {}
    if retention.declarations_days is not None:
        rows: list[tuple[int, int]] = client.execute(
            "SELECT exports, min(least) FROM registration_span"
            " WHERE day >= toStartOfMonth(toDate(now('Asia/Ho_Chi_Minh')) - %(days)s) GROUP BY exports",
            {"days": retention.declarations_days},
        )
        names = {False: "imports", True: "exports"}
        found |= {names[bool(exports)]: least // ERA * ERA for exports, least in rows}
    if retention.satisfaction_days is not None:
        days = {"days": retention.satisfaction_days}
        found["month"] = client.execute("SELECT toYYYYMM(toDate(now('UTC')) - %(days)s)", days)[0][0]
    return Limits(**found)


def describe(client: ColumnClient, retention: Retention) -> str:
    """What is kept, in a sentence."""
    limits = find_limits(client, retention)
    parts = []
    if retention.declarations_days is not None:
        named = (("imports", limits.imports), ("exports", limits.exports))
        known = " and ".join(f"{name} from {number}" for name, number in named if number)
        parts.append(f"declarations for {retention.declarations_days} days ({known or 'none is older'})")
    if retention.satisfaction_days is not None:
        month = f"{limits.month // 100}-{limits.month % 100:02d}"
        parts.append(f"satisfaction for {retention.satisfaction_days} days (from {month})")
    return f"Kept: {'; '.join(parts)}; everything else for ever." if parts else "Kept: everything, for ever."


def _note(client: ColumnClient, limits: Limits) -> None:
    rows = list(asdict(limits).items())
    client.execute(f"INSERT INTO {TABLE} (name, value) VALUES", rows, settings=dict(quorum(client.cluster)))


def _ttl(client: ColumnClient, condition: str) -> str:
    """A TTL that is over for some rows and not for others, as ClickHouse writes it.

    Zero would mean that a row has no TTL, so what is over ended on the second day of 1970.
    """
    days = ("1970-01-02", "2100-01-01")
    over, never = (f"toDateTime('{day} 00:00:00', 'UTC')" for day in days)
    formatted: str = client.execute(
        "SELECT formatQuerySingleLine(%(query)s)", {"query": f"SELECT if({condition}, {over}, {never})"}
    )[0][0]
    return formatted.removeprefix("SELECT ")


def _ttls(client: ColumnClient) -> dict[str, str]:
    """The TTL of each table that can have one; empty for none."""
    rows: list[tuple[str, str]] = client.execute(
        "SELECT name, extract(engine_full, ' TTL (.*?)(?: SETTINGS |$)') FROM system.tables"
        " WHERE database = currentDatabase() AND name IN %(tables)s",
        {"tables": [*OF_DECLARATIONS, *OF_MONTHS]},
    )
    return dict(rows)
