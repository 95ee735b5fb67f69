"""The state of one declaration at one time, as a user of a framework with keyed state would compute it.

The rule is that of `processors.domain.join.as_of`, which computes many at once; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from benchmarks.contenders.facts import DeclarationContext
from processors.domain.join.as_of import PERMITTED
from processors.domain.join.declaration_context import CHECKED, StepLimits
from schemas.records.events import Status
from schemas.reference.calendar import WorkingCalendar

_REGISTERED = frozenset({Status.REGISTERED})
_DOCUMENTS_END = frozenset({Status.DOCUMENTS_CHECKED})
_GOODS_BEGIN = frozenset({Status.INSPECTION_REQUIRED})
_GOODS_END = frozenset({Status.GOODS_INSPECTED, Status.INSPECTION_WITHDRAWN})


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
    registered_at = _first(rows, _REGISTERED)
    permitted_at = _first(rows, PERMITTED)
    until = as_of if permitted_at is None else permitted_at

    def minutes(start: int | None, end: int | None) -> int | None:
        if start is None:
            return None
        return calendar.working_minutes_between(start, max(start, until if end is None else end), office)

    documents = minutes(*_documents(rows))
    goods = minutes(*_goods(rows))
    return DeclarationContext(
        declaration_office=office,
        declaration_team=_last([row.team for row in rows]),
        status=rows[-1].status,
        channel=_last([row.channel for row in rows]),
        kind=_last([row.kind for row in rows]),
        tax_code=_last([row.tax_code for row in rows]),
        status_count=len(rows),
        registered_at=registered_at,
        permitted_at=permitted_at,
        document_minutes=documents,
        goods_minutes=goods,
        clearance_minutes=minutes(registered_at, None),
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


def _documents(rows: Sequence[StatusRow]) -> tuple[int | None, int | None]:
    """Start and end of the document check: from the first yellow or red channel until documents are checked."""
    assigned = [row for row in rows if row.status == Status.CHANNEL_ASSIGNED and row.channel in CHECKED]
    start = assigned[0].occurred_at if assigned else None
    return start, None if start is None else _first(rows, _DOCUMENTS_END, start)


def _goods(rows: Sequence[StatusRow]) -> tuple[int | None, int | None]:
    """Start and end of the goods inspection: from when it is required until it is done or withdrawn."""
    start = _first(rows, _GOODS_BEGIN)
    return start, None if start is None else _first(rows, _GOODS_END, start)


def _on_time(documents: int | None, goods: int | None, limits: StepLimits) -> bool | None:
    verdicts = [
        spent <= limit
        for spent, limit in ((documents, limits.document_minutes), (goods, limits.goods_minutes))
        if spent is not None
    ]
    return all(verdicts) if verdicts else None
