"""When events reach us: mostly at once, some late, some twice, some before what came before them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from producers.simulator.clock import DAY_MS, HOUR_MS
from producers.simulator.draws import MINUTE_MS, Int64s, chance
from schemas.records import ComplaintAction, Rating, Record

R = TypeVar("R", bound=Record)

_LATE, _VERY_LATE = 0.02, 0.003
_DUPLICATED = 0.01
_DUPLICATED_ACTIONS = 0.02
"""There are few of them, and some must come twice."""

_SWAPPED = 0.3
"""Share of edited sheets whose first revision arrives after the second."""


def status_arrivals(rng: Generator, occurred_at: Int64s) -> tuple[npt.NDArray[np.int32], Int64s]:
    """Which events arrive when, in order of arrival; a duplicated event is named twice.

    Args:
        rng: Stream of this part.
        occurred_at: When the events happened, epoch milliseconds.

    Returns:
        Positions of events, and the moments of their arrival.
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
    """(arrival, sheet) in order of arrival, duplicates included; some revisions before their predecessor."""
    arrivals: list[tuple[int, Rating]] = []
    for revisions in sheets:
        fast = rng.integers(200, 3000, len(revisions)).tolist()
        moments = [sheet.submitted_at + delay for sheet, delay in zip(revisions, fast, strict=True)]
        if len(moments) > 1 and rng.random() < _SWAPPED:
            moments[0] = moments[1] + int(rng.integers(MINUTE_MS, 2 * HOUR_MS))
        arrivals.extend(zip(moments, revisions, strict=True))
    again = np.flatnonzero(chance(rng, len(arrivals), _DUPLICATED)).tolist()
    gaps = rng.integers(1000, HOUR_MS, len(again)).tolist()
    return _in_order(arrivals, again, gaps)


def action_arrivals(rng: Generator, actions: Sequence[ComplaintAction]) -> list[tuple[int, ComplaintAction]]:
    """(arrival, action) in order of arrival, duplicates included."""
    delays = rng.integers(200, 3000, len(actions)).tolist()
    arrivals = [(action.acted_at + delay, action) for action, delay in zip(actions, delays, strict=True)]
    again = np.flatnonzero(chance(rng, len(arrivals), _DUPLICATED_ACTIONS)).tolist()
    return _in_order(arrivals, again, [MINUTE_MS] * len(again))


def _in_order(arrivals: list[tuple[int, R]], again: Sequence[int], gaps: Sequence[int]) -> list[tuple[int, R]]:
    """Arrivals by time, those at some places a second time so much later."""
    repeats = [(arrivals[row][0] + gap, arrivals[row][1]) for row, gap in zip(again, gaps, strict=True)]
    return sorted(arrivals + repeats, key=lambda arrival: arrival[0])
