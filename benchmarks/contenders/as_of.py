"""The state of one declaration at one time, as a user of a framework with keyed state would compute it.

The rule is that of `processors.domain.join.as_of`, which computes many at once; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.contenders.facts import DeclarationContext
from processors.domain.join.declaration_context import StepLimits
from schemas.records.events import Channel, Status
from schemas.records.facts import Standing
from schemas.reference.calendar import WorkingCalendar

_REGISTERED = frozenset({Status.REGISTERED})
_PERMITTED = frozenset({Status.STORAGE_PERMITTED, Status.RELEASED, Status.CLEARED})
_SETTLED = _PERMITTED | {Status.CANCELLED}
_OVER = frozenset({Status.RELEASED, Status.CLEARED, Status.CANCELLED})
_GOODS_END = frozenset({Status.GOODS_INSPECTED, Status.INSPECTION_WITHDRAWN, Status.STORAGE_PERMITTED})

PERSONAL_ID_DIGITS, ENTERPRISE_DIGITS = 12, 10


class StatusRow(NamedTuple):
    """One status of a declaration's history; fields as in `declaration-status`.

    `event` is a number for the event id; `crc` decides between different contents with one event id.
    """

    occurred_at: int
    status: str
    office: str
    team: str | None
    channel: str | None
    kind: str | None
    tax_code: str | None
    event: int
    crc: int


def known_rows(history: Iterable[StatusRow], as_of: int) -> int:
    """How many distinct status records affect the state at `as_of`: part of the version of the fact.

    Counts every content of each event that has a content at or before `as_of`. The number grows with each record that
    can change the state, never shrinks, and does not depend on the order of arrival.
    """
    rows = list(history)
    bearing = {row.event for row in rows if row.occurred_at <= as_of}
    if len(bearing) == len(rows):
        return len(rows)
    return sum(row.event in bearing for row in rows)


def standing_of(history: Iterable[StatusRow], until: int, claim: str | None) -> Standing:
    """The standing of a sheet that names an enterprise, or none, by what each status up to an instant names."""
    named = [row.tax_code for row in history if row.occurred_at <= until]
    if not named:
        return Standing.UNVERIFIED
    if claim is None:
        return Standing.UNSTATED
    enterprises = {_enterprise(code) for code in named if code}
    if _enterprise(claim) in enterprises:
        return Standing.VERIFIED
    return Standing.FOREIGN if enterprises else Standing.UNVERIFIED


def _enterprise(tax_code: str) -> str:
    return tax_code if len(tax_code) == PERSONAL_ID_DIGITS else tax_code[:ENTERPRISE_DIGITS]


def context_as_of(
    history: Sequence[StatusRow], as_of: int, calendar: WorkingCalendar, limits: StepLimits
) -> DeclarationContext:
    """The declaration as of an instant: a function of the set of its statuses.

    Args:
        history: Distinct rows in order of time, then of the life of a declaration, then of the checksum.
        as_of: Epoch milliseconds; later statuses are ignored.
        calendar: Working time.
        limits: Legal limits of the steps.

    Returns:
        The context; `status_count` is 0 when nothing was known by then.
    """
    rows = [row for row in _winners(history) if row.occurred_at <= as_of]
    if not rows:
        return DeclarationContext()
    office = rows[-1].office
    registered = next((row for row in rows if row.status == Status.REGISTERED), None)
    settled_at = _first(rows, _SETTLED)
    clearance = None
    if registered is not None:
        end = max(registered.occurred_at, as_of if settled_at is None else settled_at)
        clearance = calendar.working_minutes_between(registered.occurred_at, end, registered.office)
    asked_at = _first(rows, frozenset({Status.CUSTOMS_INSTRUCTION}))
    supplied_at = None if asked_at is None else _first(rows, frozenset({Status.AMENDED_BY_DECLARANT}), asked_at)

    def longest(rounds: Sequence[_Round]) -> int | None:
        spent = [_minutes(one, as_of, (asked_at, supplied_at), calendar) for one in rounds]
        return max(spent, default=None)

    documents, goods = longest(_documents(rows)), longest(_goods(rows))
    return DeclarationContext(
        declaration_office=office,
        declaration_team=_last([row.team for row in rows]),
        status=rows[-1].status,
        channel=_last([row.channel for row in rows]),
        kind=_last([row.kind for row in rows]),
        tax_code=_last([row.tax_code for row in rows]),
        status_count=len(rows),
        registered_at=None if registered is None else registered.occurred_at,
        permitted_at=_first(rows, _PERMITTED),
        document_minutes=documents,
        goods_minutes=goods,
        clearance_minutes=clearance,
        on_time=_on_time(documents, goods, limits),
    )


def _winners(history: Sequence[StatusRow]) -> Sequence[StatusRow]:
    """One row for each event: among several contents with one id, the highest checksum wins."""
    best: dict[int, StatusRow] = {}
    for row in history:
        held = best.get(row.event)
        if held is None or row.crc > held.crc:
            best[row.event] = row
    if len(best) == len(history):
        return history
    return [row for row in history if best[row.event] is row]


def _first(rows: Sequence[StatusRow], statuses: frozenset[Status], since: int = 0) -> int | None:
    for row in rows:
        if row.status in statuses and row.occurred_at >= since:
            return row.occurred_at
    return None


def _last(values: Sequence[str | None]) -> str | None:
    for value in reversed(values):
        if value is not None:
            return value
    return None


class _Round(NamedTuple):
    """One time that a check ran: the status that began it, and when it ended, if it did."""

    begun: StatusRow
    ended_at: int | None


def _documents(rows: Sequence[StatusRow]) -> Sequence[_Round]:
    """Document checks: begun by a yellow or red channel, ended by a green one, over once documents are checked."""
    assigned = [row for row in rows if row.status == Status.CHANNEL_ASSIGNED]
    begins = [row for row in assigned if row.channel in (Channel.YELLOW, Channel.RED)]
    ends = [row.occurred_at for row in assigned if row.channel == Channel.GREEN]
    ends += [row.occurred_at for row in rows if row.status == Status.STORAGE_PERMITTED]
    return _rounds(begins, ends, _first(rows, _OVER | {Status.DOCUMENTS_CHECKED}))


def _goods(rows: Sequence[StatusRow]) -> Sequence[_Round]:
    """Goods inspections: each from when it is required until it is done or withdrawn."""
    begins = [row for row in rows if row.status == Status.INSPECTION_REQUIRED]
    return _rounds(begins, [row.occurred_at for row in rows if row.status in _GOODS_END], _first(rows, _OVER))


def _rounds(begins: Sequence[StatusRow], ends: Sequence[int], over_at: int | None) -> Sequence[_Round]:
    """What begins before the same end is one round; after `over_at` none begins, but a first one is over at once."""
    counted = [row for row in begins if over_at is None or row.occurred_at <= over_at]
    if begins and not counted:
        return [_Round(begins[0], begins[0].occurred_at)]
    stops = sorted(ends if over_at is None else [*ends, over_at])
    found: dict[int | None, StatusRow] = {}
    for row in counted:
        found.setdefault(next((stop for stop in stops if stop >= row.occurred_at), None), row)
    return [_Round(row, stop) for stop, row in found.items()]


def _minutes(one: _Round, as_of: int, waited: tuple[int | None, int | None], calendar: WorkingCalendar) -> int:
    """Whole working minutes of a round, up to `as_of` if it runs, without the wait for a supplement."""
    start, office = one.begun.occurred_at, one.begun.office
    end = as_of if one.ended_at is None else one.ended_at
    asked_at, supplied_at = waited
    if asked_at is None:
        return calendar.working_minutes_between(start, end, office)
    stop = min(max(asked_at, start), end)
    go_on = end if supplied_at is None else min(max(supplied_at, start), end)
    worked = calendar.working_ms_between_many(np.array([start, go_on]), np.array([stop, end]), office)
    return int(worked.sum()) // 60_000


def _on_time(documents: int | None, goods: int | None, limits: StepLimits) -> bool | None:
    verdicts = [
        spent <= limit
        for spent, limit in ((documents, limits.document_minutes), (goods, limits.goods_minutes))
        if spent is not None
    ]
    return all(verdicts) if verdicts else None
