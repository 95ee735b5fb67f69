"""Which rows are dropped by age: those below a limit in their sort key.

All versions of a row, and all rows of a declaration, lie on the same side of a limit. So no older version comes back
when the newest is dropped, and a declaration is there as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.topics import Topic
from sinks.clickhouse.cluster.replicas import synchronize
from sinks.clickhouse.native.column_client import ColumnClient

TABLE = "retention_limit"
ERA = 100_000
"""Declaration numbers are dropped by hundred thousands, so that a position needs to hold no whole number."""
EXPORTS = 20_000_000_000
"""Numbers of imports begin with 1, those of exports with 3."""

OF_DECLARATIONS = (
    "declaration_status",
    "rating",
    "rating_item",
    "rated_service",
    "registration",
    "enterprise_declaration",
    "rated_declaration",
    "opinion",
    "doubted_sheet",
)
"""Tables whose sort key, or identity, holds a declaration."""
OF_MONTHS = {"satisfaction": "window_end", "pane": "window_end", "office_count": "pane_start"}
"""Tables whose sort key holds this time."""
_POSITIONS = {
    Topic.DECLARATION_STATUS: False,
    Topic.RATING: False,
    Topic.RATED_SERVICE: False,
    Topic.SATISFACTION: True,
    Topic.OFFICE_COUNT: True,
}
"""Whether a topic's rows are dropped by month, or else by declaration; those of other topics are kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is dropped; 0: nothing."""

    imports: int = 0  # declarations of imports below this number; a multiple of ERA, like the next
    exports: int = 0  # declarations of exports below this number
    month: int = 0  # windows that end before this month, such as 202405; UTC

    def conditions(self) -> Mapping[str, str]:
        """For each table, the condition that holds for the rows that are dropped; tables that keep all are missing."""
        found: dict[str, str] = {}
        if by_declaration := self.old_declaration():
            found |= dict.fromkeys(OF_DECLARATIONS, by_declaration)
        if self.month:
            found |= {table: f"toYYYYMM({column}) < {self.month}" for table, column in OF_MONTHS.items()}
        return found

    def old_declaration(self) -> str:
        """The condition for the column `declaration`; empty if none is dropped."""
        return _below("declaration", self.imports, self.exports, EXPORTS)

    def old_position(self, topic: Topic) -> str:
        """The condition for the positions in `log_position` whose rows may be gone; empty if no row of the topic is."""
        by_month = _POSITIONS.get(topic)
        if by_month is None:
            return ""
        if by_month:
            return f"era < {self.month}" if self.month else ""
        return _below("era", self.imports // ERA, self.exports // ERA, EXPORTS // ERA)


def ever_applied(client: ColumnClient) -> Limits:
    """The highest limits that were ever applied: what is below them may be gone, whatever the settings are now."""
    synchronize(client, TABLE)
    rows: list[tuple[str, int]] = client.execute(f"SELECT name, max(value) FROM {TABLE} GROUP BY name")  # noqa: S608 - our own name
    return Limits(**dict(rows))


def _below(column: str, imports: int, exports: int, border: int) -> str:
    parts = [f"{column} < {imports}"] if imports else []
    if exports:
        parts.append(f"({column} >= {border}) AND ({column} < {exports})")
    return " OR ".join(f"({part})" for part in parts) if len(parts) > 1 else "".join(parts)
