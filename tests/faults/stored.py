"""The stored rows of a round, in the shape of `faults.expected`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from clickhouse_driver import Client
from support.comparison import fact_content

from faults.expected import FACT_CONTENT, FACT_KEY, Tables
from faults.traffic import Round
from faults.verdict import Difference, Row, Verdict, difference

_CRC = "bitAnd(row_version, 0xFFFFFFFF)"
_TIMES = {"submitted_at", "registered_at", "permitted_at"}
_PANE_S = 300

_COMPLAINT = (
    "declaration, sheet_id, office, toUnixTimestamp64Milli(opened_at), state, lowest_score,"
    " toUnixTimestamp64Milli(resolve_deadline_at)"
)
_BY_DECLARATION = {
    "declaration_status": (2, f"declaration, event_id, {_CRC}"),
    "rating": (3, f"declaration, sheet_id, revision, {_CRC}"),
    "rating_item": (6, f"declaration, sheet_id, revision, target, office, target_id, {_CRC}, score"),
}
"""Number of key columns, and all columns."""


def compare_round(client: Client, of: Round, expected: Tables) -> Verdict:
    """Every table of a round, row by row."""
    return Verdict(tuple(_compare(client, of, table, rows) for table, rows in expected.items()))


def rows_arrived(client: Client, of: Round, expected: Tables) -> bool:
    """Whether the largest tables have as many rows of a round as expected; it does not compare rows."""
    bounds = {"first": of.first, "end": of.end}
    for table in ("declaration_status", "rated_service"):
        query = f"SELECT count() FROM {table} FINAL WHERE declaration >= %(first)s AND declaration < %(end)s"
        if client.execute(query, bounds)[0][0] < len(expected[table]):
            return False
    return True


def _compare(client: Client, of: Round, table: str, expected: Any) -> Difference:
    return difference(table, _rows(client, of, table), expected)


def _rows(client: Client, of: Round, table: str) -> Iterator[Row]:
    bounds = {"first": of.first, "end": of.end, "offices": of.offices}
    if table == "rated_service":
        yield from _facts(client, bounds)
    elif table == "satisfaction":
        yield from _windows(client, bounds)
    elif table == "office_count":
        columns = "office, toUnixTimestamp64Milli(pane_start), opinions, dissatisfied"
        for row in _by_office(client, table, columns, bounds):
            if row[2]:
                yield row[:2], row[2:]
    elif table == "complaint":
        for row in _by_declaration(client, table, f"{_COMPLAINT}, case_track", bounds):
            if row[-1] != "REMARK":  # whether one that is gone was ever published depends on the order of arrival
                yield row[:3], row[3:-1]
    else:
        width, columns = _BY_DECLARATION[table]
        for row in _by_declaration(client, table, columns, bounds):
            content = row[width:]
            yield row[:width], content[0] if len(content) == 1 else content


def _facts(client: Client, bounds: Any) -> Iterator[Row]:
    names = [f"toUnixTimestamp64Milli({name})" if name in _TIMES else name for name in (*FACT_KEY, *FACT_CONTENT)]
    width = 1 + len(FACT_KEY)
    for row in _by_declaration(client, "rated_service", f"declaration, {', '.join(names)}", bounds):
        yield row[:width], fact_content(dict(zip(FACT_CONTENT, row[width:], strict=True)), FACT_CONTENT)


def _windows(client: Client, bounds: Any) -> Iterator[Row]:
    """Windows of panes that hold a score; a pane whose scores all moved away is ignored."""
    columns = (
        "target, office, target_id, toUnixTimestamp64Milli(window_end), toInt64(window_seconds),"
        " score_1, score_2, score_3, score_4, score_5"
    )
    rows = _by_office(client, "satisfaction", columns, bounds)
    filled = {row[:4] for row in rows if row[4] == _PANE_S and any(row[5:])}
    for row in rows:
        if row[:4] in filled:
            yield (*row[:4], row[4] * 1000), row[5:]


def _by_declaration(client: Client, table: str, columns: str, bounds: Any) -> Sequence[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = client.execute(
        f"SELECT {columns} FROM {table} FINAL WHERE declaration >= %(first)s AND declaration < %(end)s", bounds
    )
    return rows


def _by_office(client: Client, table: str, columns: str, bounds: Any) -> Sequence[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = client.execute(
        f"SELECT {columns} FROM {table} FINAL WHERE office IN %(offices)s", bounds
    )
    return rows
