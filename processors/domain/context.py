"""A declaration as it stood at one moment, in words: what its facts say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from processors.domain.as_of import State
from schemas.records import Channel
from schemas.statuses import STATUSES

CHECKED = frozenset({Channel.YELLOW, Channel.RED})
"""Channels in which documents are checked."""


class WorkingTime(Protocol):
    """The working calendar, as far as the core needs it."""

    def working_minutes_between(self, start_ms: int, end_ms: int, office: str | None = None) -> int:
        """Whole working minutes between two instants."""

    def add_working_days(self, start_ms: int, days: int) -> int:
        """End of working time of the n-th working day after the day of `start_ms`."""


@dataclass(frozen=True, slots=True)
class StepLimits:
    """Legal working time of the steps, minutes.

    Source: Customs Law 2014, article 23.2: documents 2 working hours, goods 8 working hours.
    """

    document_minutes: int = 120
    goods_minutes: int = 480


class DeclarationContext(NamedTuple):
    """What was known of a declaration as of a rating; fields as in `rated-service`."""

    declaration_office: str | None = None
    declaration_team: str | None = None
    status: str | None = None
    channel: str | None = None
    kind: str | None = None
    tax_code: str | None = None
    status_count: int = 0
    registered_at: int | None = None
    permitted_at: int | None = None
    document_minutes: int | None = None
    goods_minutes: int | None = None
    clearance_minutes: int | None = None
    on_time: bool | None = None


UNKNOWN = DeclarationContext()
"""When nothing was known by then."""


def context_of(
    state: State, as_of: int, texts: Mapping[str, Sequence[str | None]], calendar: WorkingTime, limits: StepLimits
) -> DeclarationContext:
    """The declaration as of an instant.

    Args:
        state: As numbers.
        as_of: Epoch milliseconds.
        texts: The text behind each code, by field.
        calendar: Working time.
        limits: Legal limits of the steps.
    """
    if not state.known:
        return UNKNOWN
    office = texts["office"][state.office]
    until = as_of if state.permitted_at < 0 else state.permitted_at

    def minutes(start: int, end: int) -> int | None:
        if start < 0:
            return None
        return calendar.working_minutes_between(start, max(start, until if end < 0 else end), office)

    documents = minutes(state.documents_from, state.documents_to)
    goods = minutes(state.goods_from, state.goods_to)
    return DeclarationContext(
        declaration_office=office,
        declaration_team=texts["team"][state.team],
        status=STATUSES[state.status],
        channel=texts["channel"][state.channel],
        kind=texts["kind"][state.kind],
        tax_code=texts["tax_code"][state.tax_code],
        status_count=state.known,
        registered_at=None if state.registered_at < 0 else state.registered_at,
        permitted_at=None if state.permitted_at < 0 else state.permitted_at,
        document_minutes=documents,
        goods_minutes=goods,
        clearance_minutes=minutes(state.registered_at, -1),
        on_time=_on_time(documents, goods, limits),
    )


def _on_time(documents: int | None, goods: int | None, limits: StepLimits) -> bool | None:
    if documents is None and goods is None:
        return None
    return (documents or 0) <= limits.document_minutes and (goods or 0) <= limits.goods_minutes
