"""What facts say about declarations, each as of one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from processors.domain.join.as_of import States
from schemas.records.events import Channel
from schemas.vectorized.kernels.compiled import Longs
from schemas.vectorized.kernels.rows import ABSENT

CHECKED = frozenset({Channel.YELLOW, Channel.RED})
"""Channels in which documents are checked."""


class WorkingTime(Protocol):
    """The part of the working calendar that the join needs."""

    def overtime_of(self, office: str | None) -> str | None:
        """The office itself if it has overtime, else None: offices with the same result have the same working time."""

    def working_minutes_between_many(self, start_ms: Longs, end_ms: Longs, office: str | None = None) -> Longs:
        """Whole working minutes from each instant to another."""

    def add_working_days(self, start_ms: int, days: int) -> int:
        """End of working time of the n-th working day after the day of `start_ms`."""


@dataclass(frozen=True, slots=True)
class StepLimits:
    """Legal working time of the steps, minutes.

    Source: Customs Law 2014, article 23.2: documents 2 working hours, goods 8 working hours.
    """

    document_minutes: int = 120
    goods_minutes: int = 480


class Contexts(NamedTuple):
    """Declarations as of their ratings: columns of equal length, with the fields of `rated-service`.

    A text is a code of the status log, 0 for none. The status is its place in `STATUSES`. In all other fields `ABSENT`
    stands for null.
    """

    declaration_office: Longs
    declaration_team: Longs
    status: Longs
    channel: Longs
    kind: Longs
    tax_code: Longs
    status_count: Longs
    registered_at: Longs
    permitted_at: Longs
    document_minutes: Longs
    goods_minutes: Longs
    clearance_minutes: Longs
    on_time: Longs


def contexts_of(
    states: States, as_of: Longs, offices: Sequence[str | None], calendar: WorkingTime, limits: StepLimits
) -> Contexts:
    """Declarations as of an instant each.

    Args:
        states: As numbers.
        as_of: Epoch milliseconds.
        offices: The office behind each code.
        calendar: Working time.
        limits: Legal limits of the steps.
    """
    until = np.where(states.permitted_at < 0, as_of, states.permitted_at)
    never = np.full(len(until), -1)
    starts = np.concatenate((states.documents_from, states.goods_from, states.registered_at))
    ends = np.concatenate((states.documents_to, states.goods_to, never))
    ends = np.maximum(starts, np.where(ends < 0, np.tile(until, 3), ends))
    minutes = _working_minutes(starts, ends, np.tile(states.office, 3), offices, calendar)
    documents, goods, clearance = minutes.reshape(3, -1)
    measured = (documents != ABSENT) | (goods != ABSENT)
    within = (documents <= limits.document_minutes) & (goods <= limits.goods_minutes)  # as an absent step is
    return Contexts(
        declaration_office=states.office,
        declaration_team=states.team,
        status=np.where(states.known > 0, states.status, ABSENT),
        channel=states.channel,
        kind=states.kind,
        tax_code=states.tax_code,
        status_count=states.known,
        registered_at=np.where(states.registered_at < 0, ABSENT, states.registered_at),
        permitted_at=np.where(states.permitted_at < 0, ABSENT, states.permitted_at),
        document_minutes=documents,
        goods_minutes=goods,
        clearance_minutes=clearance,
        on_time=np.where(measured, within, ABSENT),
    )


def _working_minutes(
    starts: Longs, ends: Longs, codes: Longs, offices: Sequence[str | None], calendar: WorkingTime
) -> Longs:
    """Working minutes at the office of each span; `ABSENT` where nothing began."""
    minutes, asked = np.full(len(starts), ABSENT), starts >= 0
    clocks: dict[str | None, list[int]] = {}
    for code in np.unique(codes[asked]).tolist():
        clocks.setdefault(calendar.overtime_of(offices[code]), []).append(code)
    for office, group in clocks.items():
        rows = asked if len(clocks) == 1 else asked & np.isin(codes, group)
        minutes[rows] = calendar.working_minutes_between_many(starts[rows], ends[rows], office)
    return minutes
