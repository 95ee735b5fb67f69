"""Which declarations are rated, when, and how satisfied each sheet is in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from producers.simulator.clock import DAY_MS, END_MS, HOUR_MS, MAY_6_END_MS, START_MS, VERSION_2_MS, local_ms
from producers.simulator.declarations import SPIKE_OFFICE, Declarations
from producers.simulator.draws import MINUTE_MS, Floats, Int64s, chance, lognormal_ms, shares, weighted_sample
from producers.simulator.events import NEVER, SimulatedOutcomes
from producers.simulator.figures import SPIKE_SHEETS, VolumePlan
from producers.simulator.profiles import OFFICE_CODES, OFFICES

UNKNOWN = -1
"""Declaration of a sheet whose declaration never appears."""

SPIKE_FROM_MS = local_ms(date(2020, 5, 12), "13:10")
SPIKE_UNTIL_MS = local_ms(date(2020, 5, 13), "11:30")
_QUIET_AROUND_SPIKE_MS = 3 * DAY_MS
"""Nobody else is dissatisfied with that office around the spike: it stands alone in the data."""

_DURING = 0.13
"""Share of the sheets since version 2.0 that are opened during clearance."""


@dataclass(frozen=True, slots=True)
class Visits:
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
    during: npt.NDArray[np.bool_]
    level: npt.NDArray[np.int8]
    spike: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """How many sheets."""
        return len(self.declaration)


def make_visits(
    rng: Generator, plan: VolumePlan, declarations: Declarations, outcomes: SimulatedOutcomes, keenness: Floats
) -> Visits:
    """All sheets of a scenario; exactly as many in each period, and as satisfied, as planned.

    Args:
        rng: Stream of this part.
        plan: Exact numbers.
        declarations: The declarations.
        outcomes: What came of them.
        keenness: Propensity to rate of each enterprise.
    """
    size = len(declarations)
    weights = keenness[declarations.enterprise]
    after = _awake(rng, outcomes.permitted_at, outcomes.permitted_at + lognormal_ms(rng, size, 200, 1.3))
    possible = outcomes.permitted_at != NEVER
    possible[declarations.planted] = False
    early = np.flatnonzero(possible & (after < MAY_6_END_MS))
    chosen_early = weighted_sample(rng, early, weights[early], plan.rated_early)
    possible[chosen_early] = False
    possible &= (after >= MAY_6_END_MS) & (after < END_MS)
    during_rows, during_at = _during(rng, plan, declarations, outcomes, weights)
    possible[during_rows] = False
    cancelled = np.flatnonzero(possible & (outcomes.cancelled_at != NEVER))[: plan.cancelled]
    possible[cancelled] = False
    rest = plan.opinions - plan.rated_early - SPIKE_SHEETS - plan.unknown - len(during_rows) - len(cancelled)
    late = np.flatnonzero(possible)
    chosen_late = weighted_sample(rng, late, weights[late], rest)
    unknown_at = VERSION_2_MS - 6 * DAY_MS + np.arange(1, plan.unknown + 1) * (15 * DAY_MS // (plan.unknown + 1))
    declaration = np.concatenate(
        (chosen_early, cancelled, chosen_late, during_rows, declarations.planted, np.full(plan.unknown, UNKNOWN))
    )
    submitted_at = np.concatenate(
        (after[chosen_early], after[cancelled], after[chosen_late], during_at, _spike_times(rng), unknown_at)
    )
    office = np.where(declaration == UNKNOWN, rng.integers(0, len(OFFICES), len(declaration)), 0)
    known = declaration != UNKNOWN
    office[known] = declarations.office[declaration[known]]
    order = np.lexsort((declaration, submitted_at))
    declaration, office, submitted_at = declaration[order], office[order], submitted_at[order]
    spike = np.isin(declaration, declarations.planted)
    return Visits(
        declaration=declaration,
        office=office,
        submitted_at=submitted_at,
        during=np.isin(declaration, during_rows),
        level=_levels(rng, plan, office, submitted_at, spike),
        spike=spike,
    )


def _awake(rng: Generator, earliest: Int64s, moments: Int64s) -> Int64s:
    """Moments moved to waking hours: nobody rates between 22:00 and 07:00; never before `earliest`."""
    into_day = (moments - START_MS) % DAY_MS
    morning = moments - into_day + 7 * HOUR_MS + rng.integers(10 * MINUTE_MS, 150 * MINUTE_MS, len(moments))
    morning += np.where(into_day >= 22 * HOUR_MS, DAY_MS, 0)
    asleep = (into_day < 7 * HOUR_MS) | (into_day >= 22 * HOUR_MS)
    return np.where(earliest == NEVER, NEVER, np.where(asleep, morning, moments))


def _during(
    rng: Generator, plan: VolumePlan, declarations: Declarations, outcomes: SimulatedOutcomes, weights: Floats
) -> tuple[Int64s, Int64s]:
    """Sheets opened during clearance, from version 2.0 on: which declarations, and when."""
    ready = np.minimum(np.minimum(outcomes.permitted_at, outcomes.cancelled_at), END_MS)
    waited = ready - declarations.registered_at
    rows = np.flatnonzero((declarations.registered_at >= VERSION_2_MS) & (waited > 40 * MINUTE_MS) & outcomes.documents)
    count = round((plan.opinions - plan.rated_early) * _DURING * (END_MS - VERSION_2_MS) / (END_MS - MAY_6_END_MS))
    chosen = weighted_sample(rng, rows, weights[rows], min(count, len(rows) // 2))
    moments = declarations.registered_at[chosen] + 20 * MINUTE_MS
    moments += (rng.random(len(chosen)) * (waited[chosen] - 25 * MINUTE_MS)).astype(np.int64)
    return chosen, moments


def _spike_times(rng: Generator) -> Int64s:
    """Afternoon of the first day and morning of the second."""
    afternoon = SPIKE_SHEETS * 5 // 12
    first, last = np.array([SPIKE_FROM_MS, SPIKE_FROM_MS + DAY_MS - 5 * HOUR_MS]), SPIKE_UNTIL_MS
    times = np.concatenate(
        (
            first[0] + np.arange(afternoon) * (220 * MINUTE_MS // afternoon),
            first[1] + np.arange(SPIKE_SHEETS - afternoon) * ((last - first[1]) // (SPIKE_SHEETS - afternoon)),
        )
    )
    return times + rng.integers(0, 10 * MINUTE_MS, SPIKE_SHEETS)


def _levels(
    rng: Generator, plan: VolumePlan, office: Int64s, submitted_at: Int64s, spike: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int8]:
    """Level of each sheet: the spike's are low, the other low ones lie thin and evenly over offices and time.

    At each office, neutral sheets alternate with dissatisfied ones, one in each equal stretch of its sheets: chance
    alone would sooner or later heap them into a spike that nobody planted.
    """
    level = np.where(chance(rng, len(office), 0.82), 5, 4).astype(np.int8)
    level[spike] = np.array([2, 2, 1], dtype=np.int8)[np.arange(SPIKE_SHEETS) % 3]
    near = (submitted_at > SPIKE_FROM_MS - _QUIET_AROUND_SPIKE_MS) & (
        submitted_at < SPIKE_UNTIL_MS + _QUIET_AROUND_SPIKE_MS
    )
    near &= office == OFFICE_CODES.index(SPIKE_OFFICE)
    rows = [np.flatnonzero((office == row) & ~near) for row in range(len(OFFICES))]
    quotas = shares(plan.not_satisfied - SPIKE_SHEETS, [float(len(here)) for here in rows])
    for here, quota in zip(rows, quotas.tolist(), strict=True):
        places = ((np.arange(quota) + 0.15 + 0.7 * rng.random(quota)) * len(here) / max(quota, 1)).astype(np.int64)
        level[here[places]] = np.resize(np.array([3, 2, 3, 1, 3, 2], dtype=np.int8), quota)
    return level
