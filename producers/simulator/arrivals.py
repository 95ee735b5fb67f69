"""When events arrive: most at once, some late, some twice, some before earlier events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from producers.simulator.draws import MINUTE_MS, Int64s, chance
from producers.simulator.working_time import DAY_MS, HOUR_MS
from schemas.records.base import Record
from schemas.records.cases import ComplaintAction
from schemas.records.events import Rating

R = TypeVar("R", bound=Record)

_LATE, _VERY_LATE = 0.02, 0.003
_DUPLICATED = 0.01
_DUPLICATED_ACTIONS = 0.02
"""A larger share: actions are few, and some must be duplicated."""

_SWAPPED = 0.3
"""Share of edited sheets whose first revision arrives after the second."""


def status_arrivals(rng: Generator, occurred_at: Int64s) -> tuple[npt.NDArray[np.int32], Int64s]:
    """Draw the arrivals of status events.

    Args:
        rng: Random numbers of this part.
        occurred_at: When the events happened, epoch milliseconds.

    Returns:
        Positions of events in order of arrival (a duplicated event occurs twice), and their arrival times.
    """
    size = len(occurred_at)
    delay = rng.integers(100, 4000, size)
    late = chance(rng, size, _LATE)
    delay[late] = rng.integers(2 * MINUTE_MS, 3 * HOUR_MS, int(late.sum()))
    very_late = chance(rng, size, _VERY_LATE)
    delay[very_late] = rng.integers(3 * HOUR_MS, DAY_MS, int(very_late.sum()))
    arrived = occurred_at + delay
    again = np.flatnonzero(chance(rng, size, _DUPLICATED))
    rows = np.concatenate((np.arange(size, dtype=np.int32), again.astype(np.int32)))
    moments = np.concatenate((arrived, arrived[again] + rng.integers(1000, 6 * HOUR_MS, len(again))))
    order = np.argsort(moments, kind="stable")
    return rows[order], moments[order]


def rating_arrivals(rng: Generator, sheets: Sequence[Sequence[Rating]]) -> list[tuple[int, Rating]]:
    """Draw (arrival time, revision) in order of arrival, with duplicates; some revisions precede earlier ones."""
    arrivals: list[tuple[int, Rating]] = []
    for revisions in sheets:
        delays = rng.integers(200, 3000, len(revisions)).tolist()
        moments = [sheet.submitted_at + delay for sheet, delay in zip(revisions, delays, strict=True)]
        if len(moments) > 1 and rng.random() < _SWAPPED:
            moments[0] = moments[1] + int(rng.integers(MINUTE_MS, 2 * HOUR_MS))
        arrivals.extend(zip(moments, revisions, strict=True))
    again = np.flatnonzero(chance(rng, len(arrivals), _DUPLICATED)).tolist()
    return _with_duplicates(arrivals, again, rng.integers(1000, HOUR_MS, len(again)).tolist())


def action_arrivals(rng: Generator, actions: Sequence[ComplaintAction]) -> list[tuple[int, ComplaintAction]]:
    """Draw (arrival time, action) in order of arrival, with duplicates."""
    delays = rng.integers(200, 3000, len(actions)).tolist()
    arrivals = [(action.acted_at + delay, action) for action, delay in zip(actions, delays, strict=True)]
    again = np.flatnonzero(chance(rng, len(arrivals), _DUPLICATED_ACTIONS)).tolist()
    return _with_duplicates(arrivals, again, [MINUTE_MS] * len(again))


def _with_duplicates(arrivals: list[tuple[int, R]], rows: Sequence[int], delays: Sequence[int]) -> list[tuple[int, R]]:
    """All arrivals in order of time; those in `rows` arrive a second time after a delay."""
    repeats = [(arrivals[row][0] + delay, arrivals[row][1]) for row, delay in zip(rows, delays, strict=True)]
    return sorted(arrivals + repeats, key=lambda arrival: arrival[0])
