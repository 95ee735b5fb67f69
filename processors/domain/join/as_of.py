"""Declarations as they stood at given moments, for many sheets at once: one pass over the statuses of each.

The rule: of several contents under one event id the one with the highest checksum counts. A state holds what the
statuses at or before the moment say: the last office and status, the last team, channel, kind and tax code that any of
them names, and when the steps began and ended that have legal limits (`state_walk`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from processors.domain.join.histories import Histories
from processors.domain.join.state_walk import (
    DOCUMENTS,
    EARLIER,
    END,
    GOODS,
    MEANING,
    WIDTH,
    mark_winners,
    write_rounds,
    write_states,
)
from schemas.vectorized.kernels.compiled import Bools, Longs

Rounds = npt.NDArray[np.object_]
"""For each state None, or an array with a row for each round: first instant, last instant, code of the office."""


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
        heard: What all contents at or before `until` say about the claimed enterprise: `UNHEARD`, `NAMELESS`, `OTHERS`
            or `CLAIMED` (`state_walk`). It never falls, whatever record comes.
        registered_at: First registration.
        registered_office: Its office; -1 without one.
        permitted_at: First outcome after which goods may leave.
        settled_at: First such outcome or cancellation.
        asked_at: First request for a supplement.
        supplied_at: The first supplement since.
        documents_from: When the last round of the document check began.
        documents_to: When that round ended.
        documents_office: Where it began; -1 without one.
        documents_earlier: How many rounds there were before; -1 without any round.
        goods_from: Of the goods inspection, likewise.
        goods_to: Likewise.
        goods_office: Likewise.
        goods_earlier: Likewise.
        documents_before: The rounds before.
        goods_before: Likewise.
    """

    bearing: Longs
    known: Longs
    office: Longs
    status: Longs
    team: Longs
    channel: Longs
    kind: Longs
    tax_code: Longs
    heard: Longs
    registered_at: Longs
    registered_office: Longs
    permitted_at: Longs
    settled_at: Longs
    asked_at: Longs
    supplied_at: Longs
    documents_from: Longs
    documents_to: Longs
    documents_office: Longs
    documents_earlier: Longs
    goods_from: Longs
    goods_to: Longs
    goods_office: Longs
    goods_earlier: Longs
    documents_before: Rounds
    goods_before: Rounds

    @classmethod
    def none(cls) -> States:
        """Of no declarations."""
        return cls._make([*np.empty((END, 0), np.int64), *np.empty((2, 0), np.object_)])

    def at(self, places: Sequence[int]) -> States:
        """Some of them."""
        chosen = np.array(places, np.int64)
        return States._make(column[chosen] for column in self)

    def and_then(self, others: States) -> States:
        """These, and then the others."""
        return States._make(map(np.concatenate, zip(self, others, strict=True)))


def states(
    histories: Histories,
    which: npt.NDArray[np.int64],
    as_of: npt.NDArray[np.int64],
    until: npt.NDArray[np.int64],
    checked: npt.NDArray[np.bool_],
    enterprises: Longs,
    claimed: Longs,
) -> States:
    """The states of declarations.

    Args:
        histories: What is known of them.
        which: For each wanted state the place of its declaration in `histories`; -1 for an unknown one.
        as_of: The moment of each state; later statuses are ignored.
        until: Up to when status records count in `States.bearing`; `as_of` or later.
        checked: For each code of a channel whether documents are checked in it.
        enterprises: For each code of a tax code the number of its enterprise.
        claimed: For each state the number of the enterprise that its sheet claims; 0 or less for none.
    """
    wins = np.zeros(len(histories.rows), np.bool_)
    mark_winners(histories.starts, histories.rows, histories.by_event, wins)
    found = np.empty((len(which), WIDTH), np.int64)
    write_states(
        *(histories.starts, histories.rows, histories.by_event, wins, which, as_of, until, checked, MEANING),
        *(enterprises, claimed, found),
    )
    columns = np.ascontiguousarray(found.T[:END])
    before = [
        _rounds_before(histories, wins, which, checked, columns[check + EARLIER], check) for check in (DOCUMENTS, GOODS)
    ]
    return States(*columns, *before)


def _rounds_before(
    histories: Histories, wins: Bools, which: Longs, checked: Bools, earlier: Longs, check: int
) -> Rounds:
    """The rounds before the last of each state: few checks ever begin twice.

    The states of one declaration share their rounds: whoever sends many of both must not fill the memory.
    """
    before = np.full(len(which), None)
    most: dict[int, int] = {}
    several = np.flatnonzero(earlier > 0).tolist()
    for state in several:
        most[which[state]] = max(most.get(which[state], 0), earlier[state])
    rounds = {}
    for history, count in most.items():
        first, last = histories.starts[history], histories.starts[history + 1]
        rounds[history] = np.empty((count, EARLIER), np.int64)
        write_rounds(first, last, histories.rows, wins, checked, MEANING, check, rounds[history])
    for state in several:
        before[state] = rounds[which[state]][: earlier[state]]
    return before
