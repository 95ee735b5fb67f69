"""What facts say about declarations, each as of one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from processors.domain.join.as_of import Rounds, States
from schemas.records.events import Channel
from schemas.vectorized.kernels.compiled import Longs
from schemas.vectorized.kernels.rows import ABSENT

CHECKED = frozenset({Channel.YELLOW, Channel.RED})
"""Channels in which documents are checked."""

_MINUTE_MS = 60_000
_MOST_ROUNDS = 1 << 16
"""Earlier rounds that are measured together: many sheets of a declaration with many rounds must not fill the memory."""


class WorkingTime(Protocol):
    """The part of the working calendar that the join needs."""

    def overtime_of(self, office: str | None) -> str | None:
        """The office itself if it has overtime, else None: offices with the same result have the same working time."""

    def working_ms_between_many(self, start_ms: Longs, end_ms: Longs, office: str | None = None) -> Longs:
        """Working milliseconds from each instant to another."""

    def add_working_days(self, start_ms: int, days: int) -> int:
        """24:00 of the n-th working day after the day of `start_ms`."""


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
    documents, goods, clearance = _minutes_of_steps(states, as_of, _Clocks(offices, calendar))
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


@dataclass(frozen=True, slots=True)
class _Clocks:
    """Working time of offices, which are told by their codes.

    Attributes:
        offices: The office behind each code.
        calendar: Working time.
    """

    offices: Sequence[str | None]
    calendar: WorkingTime

    def worked(self, starts: Longs, ends: Longs, codes: Longs) -> Longs:
        """Working milliseconds of each span at its office."""
        worked, groups = np.empty(len(starts), np.int64), dict[str | None, list[int]]()
        for code in np.unique(codes).tolist():
            groups.setdefault(self.calendar.overtime_of(self.offices[code]), []).append(code)
        for office, group in groups.items():
            rows = slice(None) if len(groups) == 1 else np.isin(codes, group)
            worked[rows] = self.calendar.working_ms_between_many(starts[rows], ends[rows], office)
        return worked

    def worked_without_wait(self, starts: Longs, ends: Longs, codes: Longs, asked: Longs, supplied: Longs) -> Longs:
        """The same without the part from a request for a supplement to the supplement; -1 stands for neither."""
        worked, rows = self.worked(starts, ends, codes), np.flatnonzero(asked >= 0)
        if len(rows):
            starts, ends, asked, supplied = (column[rows] for column in (starts, ends, asked, supplied))
            supplied = np.where(supplied < 0, ends, supplied)
            worked[rows] -= self.worked(asked.clip(starts, ends), supplied.clip(starts, ends), codes[rows])
        return worked


def _minutes_of_steps(states: States, as_of: Longs, clocks: _Clocks) -> tuple[Longs, Longs, Longs]:
    """Whole working minutes of the document check, the goods inspection and the clearance; `ABSENT` where none began.

    Of several rounds of a check it is the longest. A round and a clearance without an end are measured up to `as_of`.
    A wait for a supplement stops the clocks of the checks. It does not stop that of the clearance, which is what the
    enterprise lives through.
    """
    starts = np.concatenate((states.documents_from, states.goods_from, states.registered_at))
    ends = np.concatenate((states.documents_to, states.goods_to, states.settled_at))
    ends = np.maximum(starts, np.where(ends < 0, np.tile(as_of, 3), ends))  # permission may come before registration
    codes = np.concatenate((states.documents_office, states.goods_office, states.registered_office))
    never = np.full(len(as_of), -1)
    asked = np.concatenate((states.asked_at, states.asked_at, never))
    supplied = np.concatenate((states.supplied_at, states.supplied_at, never))
    begun, minutes = starts >= 0, np.full(len(starts), ABSENT)
    minutes[begun] = _minutes(clocks, *(column[begun] for column in (starts, ends, codes, asked, supplied)))
    documents, goods, clearance = minutes.reshape(3, -1)
    _raise_to_longest(documents, states, states.documents_earlier, states.documents_before, clocks)
    _raise_to_longest(goods, states, states.goods_earlier, states.goods_before, clocks)
    return documents, goods, clearance


def _raise_to_longest(minutes: Longs, states: States, earlier: Longs, before: Rounds, clocks: _Clocks) -> None:
    """Raise the minutes of last rounds to those of longer rounds before them, some states at a time."""
    several = np.flatnonzero(earlier > 0)
    if not len(several):
        return
    cuts = np.flatnonzero(np.diff(np.cumsum(earlier[several]) // _MOST_ROUNDS)) + 1
    for some in np.split(several, cuts):
        owners, (starts, ends, codes) = np.repeat(some, earlier[some]), np.concatenate(before[some]).T
        spent = _minutes(clocks, starts, ends, codes, states.asked_at[owners], states.supplied_at[owners])
        np.maximum.at(minutes, owners, spent)


def _minutes(clocks: _Clocks, starts: Longs, ends: Longs, codes: Longs, asked: Longs, supplied: Longs) -> Longs:
    """Whole minutes of spans, without the wait for a supplement."""
    minutes: Longs = clocks.worked_without_wait(starts, ends, codes, asked, supplied) // _MINUTE_MS
    return minutes
