"""What the raw tables hold, as Python objects, for computations that share nothing with the views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from clickhouse_driver import Client

HOUR = 3_600_000
DAY = 24 * HOUR
LOCAL = 7 * HOUR
"""Viet Nam is seven hours ahead of UTC, all year."""

_MS = {
    *("occurred_at", "submitted_at", "registered_at"),
    *("opened_at", "resolved_at", "answered_at", "next_due_at"),
}
"""Columns that are read as epoch milliseconds."""

COUNTING = {"VERIFIED", "UNSTATED"}


class Life(NamedTuple):
    """One status event; times are epoch milliseconds."""

    declaration: int
    declaration_no: str
    status: str
    occurred_at: int
    office: str
    kind: str
    channel: str
    tax_code: str


class Fact(NamedTuple):
    """One fact of `rated_service`."""

    declaration: int
    sheet_id: str
    office: str
    target: str
    target_id: str
    state: str
    unmatched_reason: str
    score: int
    reason: str
    submitted_at: int
    channel: str
    kind: str
    tax_code: str
    registered_at: int | None
    clearance_minutes: int | None
    on_time: bool | None


class Sheet(NamedTuple):
    """One revision of a sheet."""

    declaration: int
    sheet_id: str
    revision: int
    submitted_at: int
    tax_code: str
    lowest_score: int


class Case(NamedTuple):
    """One case; a clock is rule, track, phase, start, due, paused, met, ended."""

    complaint_id: Any
    office: str
    unit: str
    track: str
    state: str
    priority: str
    declaration_no: str
    tax_code: str
    opened_at: int
    resolved_at: int | None
    answered_at: int | None
    next_due_at: int | None
    finding: str
    handling_score: int | None
    asked: bool
    reopened: bool
    overdue: int
    clocks: Sequence[Sequence[Any]]


class Opinion(NamedTuple):
    """What all sheets of a declaration say about one office: the lowest score, when, and a fact of the last sheet."""

    level: int
    submitted_at: int
    fact: Fact


class RawHistory:
    """The raw tables of one database."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on tables."""
        found: list[tuple[Any, ...]] = self._client.execute(sql)
        return found

    @cached_property
    def lives(self) -> Mapping[int, Sequence[Life]]:
        """All status events by declaration, in the order of their times."""
        found: dict[int, list[Life]] = {}
        for row in self._table("declaration_status", Life._fields, "ORDER BY occurred_at, event_id"):
            one = Life(*row)
            found.setdefault(one.declaration, []).append(one)
        return found

    @cached_property
    def all_facts(self) -> Sequence[Fact]:
        """Facts of latest revisions."""
        return [Fact(*row) for row in self._table("rated_service", Fact._fields, "WHERE state != 'SUPERSEDED'")]

    @cached_property
    def facts(self) -> Sequence[Fact]:
        """Those that count."""
        return [one for one in self.all_facts if self.standing(one.declaration, one.sheet_id) in COUNTING]

    def standing(self, declaration: int, sheet_id: str) -> str:
        """Whether a sheet comes from an enterprise that statuses up to its latest submission name."""
        revisions = self.all_sheets[declaration, sheet_id]
        until, claim = max(one.submitted_at for one in revisions), revisions[-1].tax_code
        known = [one.tax_code[:10] for one in self.lives.get(declaration, ()) if one.occurred_at <= until]
        if not known:
            return "UNVERIFIED"
        if not claim:
            return "UNSTATED"
        if claim[:10] in known:
            return "VERIFIED"
        return "FOREIGN" if any(known) else "UNVERIFIED"

    @cached_property
    def opinions(self) -> Mapping[tuple[str, int], Opinion]:
        """Opinions by office and declaration."""
        found: dict[tuple[str, int], Opinion] = {}
        for one in sorted(self.facts, key=lambda one: (one.submitted_at, one.sheet_id)):
            key = (one.office, one.declaration)
            found[key] = Opinion(min(one.score, found[key].level if key in found else 5), one.submitted_at, one)
        return found

    @cached_property
    def sheets(self) -> Mapping[tuple[int, str], Sequence[Sheet]]:
        """Revisions of each sheet that counts, or still waits for its declaration."""
        doubted = {(one.declaration, one.sheet_id) for one in self.all_facts}
        doubted -= {(one.declaration, one.sheet_id) for one in self.facts}
        return {key: found for key, found in self.all_sheets.items() if key not in doubted}

    @cached_property
    def all_sheets(self) -> Mapping[tuple[int, str], Sequence[Sheet]]:
        """Revisions of each sheet, in order."""
        found: dict[tuple[int, str], list[Sheet]] = {}
        for row in self._table("rating", Sheet._fields, "ORDER BY revision"):
            one = Sheet(*row)
            found.setdefault((one.declaration, one.sheet_id), []).append(one)
        return found

    @cached_property
    def rated(self) -> frozenset[int]:
        """Declarations with a sheet."""
        return frozenset(declaration for declaration, _sheet in self.sheets)

    @cached_property
    def cases(self) -> Sequence[Case]:
        """Cases of complaints: remarks are none."""
        clocks = (
            "arrayMap(c -> (c.rule, c.track, c.phase, toUnixTimestamp64Milli(c.started_at),"
            " toUnixTimestamp64Milli(c.due_at), toUnixTimestamp64Milli(c.paused_at), toUnixTimestamp64Milli(c.met_at),"
            " toUnixTimestamp64Milli(c.ended_at)), clocks)"
        )
        columns = (*Case._fields[:-1], clocks)
        return [Case(*row) for row in self._table("complaint_case", columns, "WHERE track != 'REMARK'")]

    def _table(self, table: str, fields: Sequence[str], rest: str = "") -> list[tuple[Any, ...]]:
        columns = ", ".join(f"toUnixTimestamp64Milli({one})" if one in _MS else one for one in fields)
        return self.rows(f"SELECT {columns} FROM {table} FINAL {rest}")


def local_day(at: int) -> int:
    """The local day of an instant, in days since 1970."""
    return (at + LOCAL) // DAY
