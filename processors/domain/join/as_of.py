"""Declarations as they stood at given moments, for many sheets at once: one pass over the statuses of each.

The rule: of several contents under one event id the one with the highest checksum counts. A state holds what the
statuses at or before the moment say: the last office and status, the last team, channel, kind and tax code that any of
them names, and when the steps began and ended that have legal limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from processors.domain.join.histories import Histories
from processors.domain.join.sorted_runs import Rows
from schemas.records.events import Status
from schemas.vectorized.kernels.compiled import Bools, Longs, kernel
from schemas.vectorized.status_reader import STATUSES

PERMITTED = frozenset({Status.STORAGE_PERMITTED, Status.RELEASED, Status.CLEARED})
"""Outcomes after which goods may leave: circular 38/2015, articles 32-34; a sheet may be opened after any of them."""

_REGISTERED, _PERMITTED, _CHANNEL, _DOCUMENTS_END, _GOODS_BEGIN, _GOODS_END = range(1, 7)
_MEANINGS = {
    Status.REGISTERED: _REGISTERED,
    **dict.fromkeys(PERMITTED, _PERMITTED),
    Status.CHANNEL_ASSIGNED: _CHANNEL,
    Status.DOCUMENTS_CHECKED: _DOCUMENTS_END,
    Status.INSPECTION_REQUIRED: _GOODS_BEGIN,
    Status.GOODS_INSPECTED: _GOODS_END,
    Status.INSPECTION_WITHDRAWN: _GOODS_END,
}
_MEANING = np.array([_MEANINGS.get(Status(status), 0) for status in STATUSES], np.int64)
"""What each status says about a step: one thing at most."""


class States(NamedTuple):
    """Declarations, each at one moment: columns of equal length.

    Codes are those of the status log, 0 for none; times are epoch milliseconds or -1.

    Attributes:
        bearing: How many distinct status records count in the version of its facts: all contents of each event that has
            a content at or before `until`. The number grows with each record that can change the state, never shrinks,
            and does not depend on the order of arrival.
        known: How many events the state is made of; 0 when nothing was known at that moment.
        office: Code of the office of the last status.
        status: Place of the last status.
        team: Code of the last team that is named.
        channel: Likewise.
        kind: Likewise.
        tax_code: Likewise.
        registered_at: First registration.
        permitted_at: First outcome after which goods may leave.
        documents_from: First assignment of a channel in which documents are checked.
        documents_to: When they were checked, after that.
        goods_from: When an inspection of goods was first required.
        goods_to: Its end or withdrawal, after that.
    """

    bearing: Longs
    known: Longs
    office: Longs
    status: Longs
    team: Longs
    channel: Longs
    kind: Longs
    tax_code: Longs
    registered_at: Longs
    permitted_at: Longs
    documents_from: Longs
    documents_to: Longs
    goods_from: Longs
    goods_to: Longs

    @classmethod
    def none(cls) -> States:
        """Of no declarations."""
        return cls(*np.empty((len(cls._fields), 0), np.int64))

    def at(self, places: Sequence[int]) -> States:
        """Some of them."""
        chosen = np.array(places, np.int64)
        return States._make(column[chosen] for column in self)

    def and_then(self, others: States) -> States:
        """These, and then the others."""
        return States._make(map(np.concatenate, zip(self, others, strict=True)))


_BEARING, _KNOWN, _OFFICE, _STATUS, _TEAM, _CHANNEL_CODE, _KIND, _TAX_CODE = range(8)
_REGISTERED_AT, _PERMITTED_AT, _DOCUMENTS_FROM, _DOCUMENTS_TO, _GOODS_FROM, _GOODS_TO = range(8, len(States._fields))
_TIMES = _REGISTERED_AT
"""The first field that is a time."""


def states(
    histories: Histories,
    which: npt.NDArray[np.int64],
    as_of: npt.NDArray[np.int64],
    until: npt.NDArray[np.int64],
    checked: npt.NDArray[np.bool_],
) -> States:
    """The states of declarations.

    Args:
        histories: What is known of them.
        which: For each wanted state the place of its declaration in `histories`; -1 for an unknown one.
        as_of: The moment of each state; later statuses are ignored.
        until: Up to when status records count in `States.bearing`; `as_of` or later.
        checked: For each code of a channel whether documents are checked in it.
    """
    wins = np.zeros(len(histories.rows), np.bool_)
    _mark_winners(histories.starts, histories.rows, histories.by_event, wins)
    found = np.empty((len(which), len(States._fields)), np.int64)
    _write_states(
        histories.starts, histories.rows, histories.by_event, wins, which, as_of, until, checked, _MEANING, found
    )
    return States._make(np.ascontiguousarray(found.T))


@kernel
def _mark_winners(starts: Longs, rows: Rows, by_event: Longs, wins: Bools) -> None:
    """Mark one row of each event: the one with the highest checksum; the first in time among equals."""
    for history in range(len(starts) - 1):
        best = by_event[starts[history]]
        for place in range(starts[history], starts[history + 1]):
            row = by_event[place]
            if rows[row]["event"] != rows[best]["event"]:
                wins[best] = True
                best = row
            elif rows[row]["crc"] > rows[best]["crc"]:
                best = row
        wins[best] = True


@kernel
def _bearing(first: np.int64, last: np.int64, rows: Rows, by_event: Longs, until: np.int64) -> np.int64:
    """`States.bearing`. The rows of one event stand together in `by_event`, in order of time."""
    count = np.int64(0)
    counts = False
    for place in range(first, last):
        row = by_event[place]
        if place == first or rows[row]["event"] != rows[by_event[place - 1]]["event"]:
            counts = rows[row]["occurred_at"] <= until
        if counts:
            count += 1
    return count


@kernel
def _write_states(
    starts: Longs,
    rows: Rows,
    by_event: Longs,
    wins: Bools,
    which: Longs,
    as_of: Longs,
    until: Longs,
    checked: Bools,
    meaning: Longs,
    found: Longs,
) -> None:
    """Write one row of `found` for each state, in the order of the fields of `States`."""
    for wanted in range(len(which)):
        state = found[wanted]
        state[:_TIMES] = 0
        state[_TIMES:] = -1
        if which[wanted] < 0:
            continue
        first, last = starts[which[wanted]], starts[which[wanted] + 1]
        state[_BEARING] = _bearing(first, last, rows, by_event, until[wanted])
        for place in range(first, last):
            if rows[place]["occurred_at"] > as_of[wanted]:
                break
            if wins[place]:
                _apply_status(rows[place], checked, meaning, state)


@kernel
def _apply_status(row: np.void, checked: Bools, meaning: Longs, state: Longs) -> None:
    """Update a state by one status."""
    state[_KNOWN] += 1
    state[_OFFICE], state[_STATUS] = row["office"], row["status"]
    state[_TEAM] = row["team"] or state[_TEAM]
    state[_CHANNEL_CODE] = row["channel"] or state[_CHANNEL_CODE]
    state[_KIND] = row["kind"] or state[_KIND]
    state[_TAX_CODE] = row["tax_code"] or state[_TAX_CODE]
    says = meaning[row["status"]]
    if says == _REGISTERED:
        _set_first_time(row, state, _REGISTERED_AT)
    elif says == _PERMITTED:
        _set_first_time(row, state, _PERMITTED_AT)
    elif says == _CHANNEL and checked[row["channel"]]:
        _set_first_time(row, state, _DOCUMENTS_FROM)
    elif says == _DOCUMENTS_END and state[_DOCUMENTS_FROM] >= 0:
        _set_first_time(row, state, _DOCUMENTS_TO)
    elif says == _GOODS_BEGIN:
        _set_first_time(row, state, _GOODS_FROM)
    elif says == _GOODS_END and state[_GOODS_FROM] >= 0:
        _set_first_time(row, state, _GOODS_TO)


@kernel
def _set_first_time(row: np.void, state: Longs, field: int) -> None:
    """Set a time of the state unless it is set: the first status counts."""
    if state[field] < 0:
        state[field] = row["occurred_at"]
