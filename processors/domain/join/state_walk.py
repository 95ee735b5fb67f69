"""The walk over the statuses of declarations that makes their states (`as_of.States`): a row of numbers for each state.

When steps begin and end stands in docs/contract.md ("Steps and their time"), with reasons in ADR 30. A check that ended
may begin again, as long as something is left to do; each time is a *round*. A state keeps the last round of each check.

All of it is in one file, because the cache of machine code (`schemas.vectorized.kernels.cache`) looks at one file.
"""

from __future__ import annotations

import numpy as np

from processors.domain.join.sorted_runs import Rows
from schemas.records.events import Status
from schemas.vectorized.kernels.compiled import Bools, Longs, kernel, part
from schemas.vectorized.status_reader import STATUSES

PERMITTED = frozenset({Status.STORAGE_PERMITTED, Status.RELEASED, Status.CLEARED})
"""Outcomes after which goods may leave: circular 38/2015, articles 32-34; a sheet may be opened after any of them."""

_NOTHING, _REGISTERED, _CHANNEL, _DOCUMENTS_OVER, _GOODS_BEGIN, _GOODS_END = range(6)
_STORED, _RELEASED, _CANCELLED, _ASKED, _SUPPLIED = range(6, 11)
_MEANINGS = {
    Status.REGISTERED: _REGISTERED,
    Status.CHANNEL_ASSIGNED: _CHANNEL,
    Status.DOCUMENTS_CHECKED: _DOCUMENTS_OVER,
    Status.INSPECTION_REQUIRED: _GOODS_BEGIN,
    Status.GOODS_INSPECTED: _GOODS_END,
    Status.INSPECTION_WITHDRAWN: _GOODS_END,
    Status.STORAGE_PERMITTED: _STORED,
    Status.RELEASED: _RELEASED,
    Status.CLEARED: _RELEASED,
    Status.CANCELLED: _CANCELLED,
    Status.CUSTOMS_INSTRUCTION: _ASKED,
    Status.AMENDED_BY_DECLARANT: _SUPPLIED,
}
MEANING = np.array([_MEANINGS.get(Status(status), _NOTHING) for status in STATUSES], np.int64)
"""What each status says about steps: one thing at most."""

UNHEARD, NAMELESS, OTHERS, CLAIMED = range(4)
"""What statuses say about an enterprise: there are none; they name nobody; they name others; they name it."""

# The numbers of a state, in the order of the fields of `States`: some that begin at 0, then some that begin at -1.
_BEARING, _KNOWN, _OFFICE, _STATUS, _TEAM, _CHANNEL_CODE, _KIND, _TAX_CODE, _HEARD, _UNSET = range(10)
_REGISTERED_AT, _REGISTERED_OFFICE, _PERMITTED_AT, _SETTLED_AT, _ASKED_AT, _SUPPLIED_AT, DOCUMENTS = range(
    _UNSET, _UNSET + 7
)
GOODS = DOCUMENTS + 4
"""The first fields of each check: `DOCUMENTS`, `GOODS`."""
END = GOODS + 4
_FROM, _TO, _WHERE, EARLIER = range(4)
"""The fields of a check, counted from its first."""
# For the work alone, behind the fields: of each check the last end, whether or not it ended a round, and since when
# nothing is left to do; of the declaration the last supplement.
_ENDED, _OVER = 8, 9
_AMENDED_AT = END + 2
WIDTH = END + 6
"""Numbers of a state with these."""


@kernel
def mark_winners(starts: Longs, rows: Rows, by_event: Longs, wins: Bools) -> None:
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
def write_states(
    starts: Longs,
    rows: Rows,
    by_event: Longs,
    wins: Bools,
    which: Longs,
    as_of: Longs,
    until: Longs,
    checked: Bools,
    meaning: Longs,
    enterprises: Longs,
    claimed: Longs,
    found: Longs,
) -> None:
    """Write one row of `found` for each state, in the order of the fields of `States`."""
    for wanted in range(len(which)):
        state = found[wanted]
        state[:_UNSET] = 0
        state[_UNSET:] = -1
        if which[wanted] < 0:
            continue
        first, last = starts[which[wanted]], starts[which[wanted] + 1]
        state[_BEARING] = _bearing(first, last, rows, by_event, until[wanted])
        state[_HEARD] = _heard(first, last, rows, until[wanted], enterprises, claimed[wanted])
        for place in range(first, last):
            if rows[place]["occurred_at"] > as_of[wanted]:
                break
            if wins[place]:
                _note_words(rows[place], state)
                _note_steps(rows[place], checked, meaning, state)


@kernel
def _heard(
    first: np.int64, last: np.int64, rows: Rows, until: np.int64, enterprises: Longs, claimed: np.int64
) -> np.int64:
    """`States.heard`: of all contents of events, so that no further one can take back what one of them says."""
    heard = UNHEARD
    for place in range(first, last):
        if rows[place]["occurred_at"] > until:
            break
        enterprise = enterprises[rows[place]["tax_code"]]
        heard = max(heard, NAMELESS if enterprise == 0 else CLAIMED if enterprise == claimed else OTHERS)
    return np.int64(heard)


@part
def _note_words(row: np.void, state: Longs) -> None:
    """Update a state by the codes of one status."""
    state[_KNOWN] += 1
    state[_OFFICE], state[_STATUS] = row["office"], row["status"]
    state[_TEAM] = row["team"] or state[_TEAM]
    state[_CHANNEL_CODE] = row["channel"] or state[_CHANNEL_CODE]
    state[_KIND] = row["kind"] or state[_KIND]
    state[_TAX_CODE] = row["tax_code"] or state[_TAX_CODE]


@kernel
def write_rounds(
    first: np.int64,
    last: np.int64,
    rows: Rows,
    wins: Bools,
    checked: Bools,
    meaning: Longs,
    check: int,
    rounds: Longs,
) -> None:
    """Write the first rounds of a check, as many as there is room for."""
    state = np.full(WIDTH, -1)
    for place in range(first, last):
        if wins[place]:
            begun = state[check + EARLIER]
            if 0 <= begun < len(rounds):
                rounds[begun] = state[check : check + EARLIER]
            _note_steps(rows[place], checked, meaning, state)
            if state[check + EARLIER] == len(rounds):
                return


@part
def _note_steps(row: np.void, checked: Bools, meaning: Longs, state: Longs) -> None:
    """Update a state by one status. Statuses come in order of time, those of one instant in the order of `STATUSES`."""
    says = meaning[row["status"]]
    if says == _CHANNEL:
        _route(row["occurred_at"], row["office"], checked[row["channel"]], row["channel"], state)
    elif says != _NOTHING:
        _note_turn(says, row["occurred_at"], row["office"], state)


@kernel
def _route(at: np.int64, office: np.int64, checked: bool, channel: int, state: Longs) -> None:
    """A channel: in some documents are checked, in the others not, and where none is named nothing is known."""
    if checked:
        _begin(at, office, state, DOCUMENTS)
    elif channel:
        _end(at, state, DOCUMENTS)


@kernel
def _note_turn(says: np.int64, at: np.int64, office: np.int64, state: Longs) -> None:
    """A status that says the same in every channel."""
    if says == _REGISTERED:
        if state[_REGISTERED_AT] < 0:
            state[_REGISTERED_AT], state[_REGISTERED_OFFICE] = at, office
    elif says == _DOCUMENTS_OVER:
        _finish(at, state, DOCUMENTS)
    elif says == _GOODS_BEGIN:
        _begin(at, office, state, GOODS)
    elif says == _GOODS_END:
        _end(at, state, GOODS)
    elif says in (_ASKED, _SUPPLIED):
        _wait(at, says == _ASKED, state)
    else:
        _settle(at, says, state)


@kernel
def _settle(at: np.int64, says: np.int64, state: Longs) -> None:
    """Storage, release, clearance or cancellation: both checks end, and after all but storage none begins."""
    _set_first(at, state, _SETTLED_AT)
    if says != _CANCELLED:
        _set_first(at, state, _PERMITTED_AT)
    if says == _STORED:
        _end(at, state, DOCUMENTS)
        _end(at, state, GOODS)
    else:
        _finish(at, state, DOCUMENTS)
        _finish(at, state, GOODS)


@kernel
def _wait(at: np.int64, asked: bool, state: Longs) -> None:
    """The first request for a supplement, or a supplement: at the instant of the request it may be told first."""
    if not asked:
        state[_AMENDED_AT] = at
        if state[_ASKED_AT] >= 0:
            _set_first(at, state, _SUPPLIED_AT)
    elif state[_ASKED_AT] < 0:
        state[_ASKED_AT] = at
        if state[_AMENDED_AT] == at:
            state[_SUPPLIED_AT] = at


@kernel
def _begin(at: np.int64, office: np.int64, state: Longs, check: int) -> None:
    """Begin a round, unless one is open. Where nothing is left to do only a first one is noted: it takes no time."""
    begun, over = state[check + _FROM] >= 0, 0 <= state[check + _OVER] < at
    if begun and (over or state[check + _TO] < 0):
        return
    state[check + _FROM], state[check + _WHERE] = at, office
    # What ends at this instant ends what begins at it, whichever is told first.
    state[check + _TO] = at if over or state[check + _ENDED] == at else -1
    state[check + EARLIER] += 1


@kernel
def _end(at: np.int64, state: Longs, check: int) -> None:
    """End the round that is open."""
    state[check + _ENDED] = at
    if state[check + _FROM] >= 0 and state[check + _TO] < 0:
        state[check + _TO] = at


@kernel
def _finish(at: np.int64, state: Longs, check: int) -> None:
    """End a check: nothing is left to do."""
    _end(at, state, check)
    _set_first(at, state, check + _OVER)


@kernel
def _set_first(at: np.int64, state: Longs, field: int) -> None:
    """Set a time unless it is set."""
    if state[field] < 0:
        state[field] = at
