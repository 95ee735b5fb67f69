"""Which declarations are rated, when, and how satisfied each sheet is in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from producers.simulator.declarations import SPIKE_OFFICE, Declarations
from producers.simulator.draws import (
    MINUTE_MS,
    Floats,
    Int64s,
    Mask,
    chance,
    lognormal_ms,
    split_total,
    weighted_sample,
)
from producers.simulator.office_profiles import OFFICE_CODES, OFFICES
from producers.simulator.status_events import NEVER, SimulatedOutcomes
from producers.simulator.volume_plan import SPIKE_SHEETS, VolumePlan
from producers.simulator.working_time import DAY_MS, END_MS, HOUR_MS, MAY_6_END_MS, START_MS, VERSION_2_MS, local_ms

UNKNOWN = -1
"""Declaration of a sheet whose declaration never appears."""

SPIKE_FROM_MS = local_ms(date(2020, 5, 12), "13:10")
SPIKE_UNTIL_MS = local_ms(date(2020, 5, 13), "11:30")
_QUIET_AROUND_SPIKE_MS = 3 * DAY_MS
"""Nobody else is dissatisfied with that office for this long before and after the spike."""

_DURING_SHARE = 0.13
"""Share of the sheets since version 2.0 that are opened during clearance."""


@dataclass(frozen=True, slots=True)
class PlannedSheets:
    """Rating sheets in columns, in order of their first revision.

    Attributes:
        declaration: Position among the declarations, or `UNKNOWN`.
        office: Position in `OFFICES`.
        submitted_at: Epoch milliseconds of the first revision.
        during: Whether it was opened during clearance.
        level: Lowest score of the latest revision, 1 to 5.
        spike: Whether it belongs to the planted spike.
    """

    declaration: Int64s
    office: Int64s
    submitted_at: Int64s
    during: Mask
    level: npt.NDArray[np.int8]
    spike: Mask

    def __len__(self) -> int:
        """Number of sheets."""
        return len(self.declaration)


def plan_sheets(
    rng: Generator, plan: VolumePlan, declarations: Declarations, outcomes: SimulatedOutcomes, rating_weight: Floats
) -> PlannedSheets:
    """Draw all sheets of a scenario: exactly as many in each period, and as satisfied, as planned.

    Args:
        rng: Random numbers of this part.
        plan: Exact numbers.
        declarations: The declarations.
        outcomes: How each declaration ended.
        rating_weight: How likely each enterprise is to rate, relative to the others.
    """
    weights = rating_weight[declarations.enterprise]
    after = outcomes.permitted_at + lognormal_ms(rng, len(declarations), 200, 1.3)
    after = _in_waking_hours(rng, outcomes.permitted_at, after)
    possible = outcomes.permitted_at != NEVER
    possible[declarations.planted] = False
    early = np.flatnonzero(possible & (after < MAY_6_END_MS))
    chosen_early = weighted_sample(rng, early, weights[early], plan.rated_early)
    possible[chosen_early] = False
    possible &= (after >= MAY_6_END_MS) & (after < END_MS)
    during_rows, during_at = _during_clearance(rng, plan, declarations, outcomes, weights)
    possible[during_rows] = False
    cancelled = np.flatnonzero(possible & (outcomes.cancelled_at != NEVER))[: plan.cancelled]
    possible[cancelled] = False
    rest = plan.opinions - plan.rated_early - SPIKE_SHEETS - plan.unknown - len(during_rows) - len(cancelled)
    late = np.flatnonzero(possible)
    rated = np.concatenate((chosen_early, cancelled, weighted_sample(rng, late, weights[late], rest)))
    unknown_at = VERSION_2_MS - 6 * DAY_MS + np.arange(1, plan.unknown + 1) * (15 * DAY_MS // (plan.unknown + 1))
    declaration = np.concatenate((rated, during_rows, declarations.planted, np.full(plan.unknown, UNKNOWN)))
    submitted_at = np.concatenate((after[rated], during_at, _spike_times(rng), unknown_at))
    # A sheet without a declaration is about a random office.
    random_office = rng.integers(0, len(OFFICES), len(declaration))
    office = np.where(declaration == UNKNOWN, random_office, declarations.office[declaration])
    order = np.lexsort((declaration, submitted_at))
    declaration, office, submitted_at = declaration[order], office[order], submitted_at[order]
    spike = np.isin(declaration, declarations.planted)
    return PlannedSheets(
        declaration=declaration,
        office=office,
        submitted_at=submitted_at,
        during=np.isin(declaration, during_rows),
        level=_levels(rng, plan, office, submitted_at, spike),
        spike=spike,
    )


def _in_waking_hours(rng: Generator, earliest: Int64s, moments: Int64s) -> Int64s:
    """Move times between 22:00 and 07:00 to the next morning, when people are awake; `NEVER` stays."""
    into_day = (moments - START_MS) % DAY_MS
    morning = moments - into_day + 7 * HOUR_MS + rng.integers(10 * MINUTE_MS, 150 * MINUTE_MS, len(moments))
    morning += np.where(into_day >= 22 * HOUR_MS, DAY_MS, 0)
    asleep = (into_day < 7 * HOUR_MS) | (into_day >= 22 * HOUR_MS)
    return np.where(earliest == NEVER, NEVER, np.where(asleep, morning, moments))


def _during_clearance(
    rng: Generator, plan: VolumePlan, declarations: Declarations, outcomes: SimulatedOutcomes, weights: Floats
) -> tuple[Int64s, Int64s]:
    """Draw sheets opened during clearance, possible since version 2.0; returns declarations and times."""
    ready = np.minimum(np.minimum(outcomes.permitted_at, outcomes.cancelled_at), END_MS)
    waited = ready - declarations.registered_at
    rows = np.flatnonzero((declarations.registered_at >= VERSION_2_MS) & (waited > 40 * MINUTE_MS) & outcomes.documents)
    since_version_2, since_may_6 = END_MS - VERSION_2_MS, END_MS - MAY_6_END_MS
    count = round((plan.opinions - plan.rated_early) * _DURING_SHARE * since_version_2 / since_may_6)
    chosen = weighted_sample(rng, rows, weights[rows], min(count, len(rows) // 2))
    moments = declarations.registered_at[chosen] + 20 * MINUTE_MS
    moments += (rng.random(len(chosen)) * (waited[chosen] - 25 * MINUTE_MS)).astype(np.int64)
    return chosen, moments


def _spike_times(rng: Generator) -> Int64s:
    """Draw the times of the spike's sheets: the afternoon of the first day and the morning of the second."""
    afternoon = SPIKE_SHEETS * 5 // 12
    morning = SPIKE_SHEETS - afternoon
    morning_ms = SPIKE_FROM_MS + DAY_MS - 5 * HOUR_MS
    times = np.concatenate(
        (
            SPIKE_FROM_MS + np.arange(afternoon) * (220 * MINUTE_MS // afternoon),
            morning_ms + np.arange(morning) * ((SPIKE_UNTIL_MS - morning_ms) // morning),
        )
    )
    return times + rng.integers(0, 10 * MINUTE_MS, SPIKE_SHEETS)


def _levels(
    rng: Generator, plan: VolumePlan, office: Int64s, submitted_at: Int64s, spike: Mask
) -> npt.NDArray[np.int8]:
    """Draw the level of each sheet: low in the spike, otherwise low rarely and evenly over offices and time.

    At each office the low sheets lie one in each equal stretch of its sheets, neutral and dissatisfied in turn. Purely
    random low sheets would sooner or later form a spike that was not planted.
    """
    level = np.where(chance(rng, len(office), 0.82), 5, 4).astype(np.int8)
    level[spike] = np.array([2, 2, 1], dtype=np.int8)[np.arange(SPIKE_SHEETS) % 3]
    near = (submitted_at > SPIKE_FROM_MS - _QUIET_AROUND_SPIKE_MS) & (
        submitted_at < SPIKE_UNTIL_MS + _QUIET_AROUND_SPIKE_MS
    )
    near &= office == OFFICE_CODES.index(SPIKE_OFFICE)
    rows = [np.flatnonzero((office == row) & ~near) for row in range(len(OFFICES))]
    quotas = split_total(plan.not_satisfied - SPIKE_SHEETS, [float(len(here)) for here in rows])
    for here, quota in zip(rows, quotas.tolist(), strict=True):
        places = ((np.arange(quota) + 0.15 + 0.7 * rng.random(quota)) * len(here) / max(quota, 1)).astype(np.int64)
        level[here[places]] = np.resize(np.array([3, 2, 3, 1, 3, 2], dtype=np.int8), quota)
    return level
