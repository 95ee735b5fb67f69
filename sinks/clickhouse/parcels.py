"""Copies years of rows in parcels: with bounded memory, with progress, and from where an interrupted run stopped.

A migration writes the directive above the statement, and `{parcel}` where the condition for the rows of one goes:

    -- parcels: declaration_status by declaration, 1000000 rows
    INSERT INTO first_status SELECT declaration, min(occurred_at) FROM declaration_status WHERE {parcel} GROUP BY ALL;

A parcel is a range of the key, so all rows with one key are in one parcel. The ledger notes after each parcel where the
next one begins. A crash between the two repeats a parcel: the target must be a table in which that changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from schemas.errors import SystemFault
from sinks.clickhouse import ledger
from sinks.clickhouse.cluster.replicas import quorum, synchronize_all
from sinks.clickhouse.native.column_client import ColumnClient
from sinks.clickhouse.quoting import literal

log = structlog.get_logger(__name__)

PLACE = "{parcel}"
_DIRECTIVE = re.compile(r"-- parcels: (\w+) by (\w+), ([1-9]\d*) rows")
_END = "end"
_AT = "at "
"""What the ledger notes: `end`, or `at` with the first key that is not copied yet."""
_SETTINGS: Mapping[str, object] = {
    "max_insert_threads": 1,  # one block in memory, not one for each core
    "insert_deduplicate": 0,  # a replica would drop a repeated parcel although its rows were deleted since
    "max_partitions_per_insert_block": 0,
}


@dataclass(frozen=True, slots=True)
class Parcels:
    """How a statement is divided."""

    table: str  # which it reads
    key: str  # column of it, best the first of its sort key: then finding a border reads only a parcel
    rows: int  # of `table` in a parcel, as long as no key has more

    @classmethod
    def parse(cls, line: str) -> Parcels | None:
        """The directive in a line of a migration, if it is one.

        Raises:
            ValueError: It begins like one but says something else.
        """
        if not line.startswith("-- parcels:"):
            return None
        if (found := _DIRECTIVE.fullmatch(line.rstrip())) is None:
            raise ValueError(f"write `-- parcels: TABLE by COLUMN, NUMBER rows` instead of `{line}`")
        return cls(found[1], found[2], int(found[3]))


def copy_parcels(client: ColumnClient, name: str, statement: str, parcels: Parcels, noted: str | None) -> None:
    """Run a statement once for each parcel of rows.

    Args:
        client: Connected to the database.
        name: Of the statement in the ledger.
        statement: With `{parcel}` in it.
        parcels: How to divide.
        noted: What the ledger notes under the name; None: nothing was copied.
    """
    synchronize_all(client)  # what this server lacks would be missing in the copy
    rows = _ParcelReader(client, parcels)
    start = None if noted is None else noted.removeprefix(_AT)
    number, expected = 0, rows.count() // parcels.rows + 1
    while start != _END:
        end = rows.border(start)
        condition = " AND ".join(filter(None, (start and rows.from_key(start), end and f"NOT {rows.from_key(end)}")))
        client.execute(
            statement.replace(PLACE, f"({condition or 'true'})"), settings={**_SETTINGS, **quorum(client.cluster)}
        )
        number += 1
        log.info("parcel_copied", name=name, parcel=number, of_about=expected, next_key=end)
        ledger.record(client, name, _END if end is None else f"{_AT}{end}")
        start = _END if end is None else end


class _ParcelReader:
    """Finds the borders of parcels. Keys are texts, as ClickHouse writes them."""

    def __init__(self, client: ColumnClient, parcels: Parcels) -> None:
        self._client = client
        self._parcels = parcels
        found: list[tuple[str]] = client.execute(
            "SELECT type FROM system.columns"
            " WHERE database = currentDatabase() AND table = %(table)s AND name = %(key)s",
            {"table": parcels.table, "key": parcels.key},
        )
        if not found:
            raise SystemFault(f"the table {parcels.table} has no column {parcels.key} for parcels")
        self._type = found[0][0]

    def count(self) -> int:
        """Rows of the table, all versions."""
        return int(self._client.execute(f"SELECT count() FROM {self._parcels.table}")[0][0])  # noqa: S608 - our own name

    def from_key(self, key: str) -> str:
        """The condition for rows from a key on."""
        return f"({self._parcels.key} >= CAST({literal(key)}, {literal(self._type)}))"

    def border(self, start: str | None) -> str | None:
        """The first key after the parcel that begins with `start`; None: it holds all the rest."""
        first = "true" if start is None else self.from_key(start)
        key = self._parcels.key
        found = self._key(first, self._parcels.rows)
        if found is None or found != (start or self._key("true", 0)):
            return found
        # The first key alone has more rows than a parcel, which holds all of them.
        return self._key(f"{self.from_key(found)} AND toString({key}) != {literal(found)}", 0)

    def _key(self, condition: str, after: int) -> str | None:
        key, table = self._parcels.key, self._parcels.table
        found: list[tuple[str]] = self._client.execute(
            f"SELECT toString({key}) FROM {table} WHERE {condition} ORDER BY {key} LIMIT 1 OFFSET {after}"  # noqa: S608 - our own names
        )
        return found[0][0] if found else None
