"""The declarations: when each was registered, where, by whom and of what kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.random import Generator

from producers.simulator.draws import MINUTE_MS, Int64s, Mask, categories, split_total, stream
from producers.simulator.enterprises import Enterprises
from producers.simulator.office_profiles import EXPORT_KINDS, OFFICE_CODES, OFFICES, TEAM_CODES
from producers.simulator.staff import Staff
from producers.simulator.volume_plan import SPIKE_SHEETS, VolumePlan
from producers.simulator.working_time import (
    DAY_MS,
    DAYS,
    DAYS_UNTIL_MAY_6,
    FIRST_DAY,
    HOLIDAYS,
    HOUR_MS,
    START_MS,
    local_ms,
)

CHANNELS = (None, "GREEN", "YELLOW", "RED")
NO_CHANNEL, GREEN, YELLOW, RED = range(4)

KINDS = tuple(sorted({kind for office in OFFICES for kind in office.kinds}))
_EXPORT = np.array([kind in EXPORT_KINDS for kind in KINDS])

SPIKE_OFFICE = "03EE"
SPIKE_TEAM = "01"
_SPIKE_DAY = date(2020, 5, 8)
_SPIKE_EVERY = 15 * MINUTE_MS

_WEEKDAYS = (0.95, 1.0, 1.02, 1.03, 1.05, 0.13, 0.05)
_HOLIDAY = 0.06
_HOURS = (.2, .1, .1, .1, .1, .3, .8, 3, 9, 12, 11, 7, 3.5, 8, 11, 12, 11, 6, 2.5, 1.5, 1.2, .9, .6, .4)  # fmt: skip

_FIRST_IMPORT = 10_323_000_000
_FIRST_EXPORT = 30_313_000_000
_NATIONAL_GAP = 12
"""Neighbouring numbers of Hai Phong are less than this apart: numbers are issued nationwide."""


@dataclass(frozen=True, slots=True)
class Declarations:
    """Declarations in columns, in order of registration.

    Attributes:
        number: The first 11 digits of the declaration number, as a number.
        registered_at: Epoch milliseconds.
        office: Position in `OFFICES`.
        team: Position in `TEAM_CODES`.
        kind: Position in `KINDS`.
        export: Whether it is an export.
        channel: First channel, position in `CHANNELS`.
        enterprise: Position among the enterprises.
        official: Who handles it, position in `Staff.ids`.
        inspector: Who would inspect the goods, position in `Staff.ids`.
        planted: Positions of the declarations behind the planted spike.
    """

    number: Int64s
    registered_at: Int64s
    office: Int64s
    team: Int64s
    kind: Int64s
    export: Mask
    channel: Int64s
    enterprise: Int64s
    official: Int64s
    inspector: Int64s
    planted: Int64s

    def __len__(self) -> int:
        """Number of declarations."""
        return len(self.number)


def make_declarations(seed: int, plan: VolumePlan, enterprises: Enterprises, staff: Staff) -> Declarations:
    """Make all declarations of a scenario, exactly as many in each period as planned."""
    registered_at, planted = _registrations(stream(seed, "registrations"), plan)
    rng, size = stream(seed, "declarations"), plan.declarations
    office = categories(rng, size, [profile.share for profile in OFFICES])
    office[planted] = OFFICE_CODES.index(SPIKE_OFFICE)
    team, kind, channel, enterprise = (np.zeros(size, dtype=np.int64) for _ in range(4))
    for row, profile in enumerate(OFFICES):
        here = np.flatnonzero(office == row)
        count = len(here)
        team[here] = categories(rng, count, [profile.teams.get(code, 0.0) for code in TEAM_CODES])
        kind[here] = categories(rng, count, [profile.kinds.get(code, 0.0) for code in KINDS])
        channel[here] = GREEN + categories(rng, count, profile.channels)
        enterprise[here] = enterprises.draw(rng, row, count)
    team[planted] = TEAM_CODES.index(SPIKE_TEAM)
    kind[planted] = KINDS.index("A12")
    channel[planted] = RED
    enterprise[planted] = enterprises.distinct(OFFICE_CODES.index(SPIKE_OFFICE), len(planted))
    export = _EXPORT[kind]
    return Declarations(
        number=_numbers(rng, export),
        registered_at=registered_at,
        office=office,
        team=team,
        kind=kind,
        export=export,
        channel=channel,
        enterprise=enterprise,
        official=staff.draw(rng, office, team),
        inspector=staff.draw(rng, office, team),
        planted=planted,
    )


def _registrations(rng: Generator, plan: VolumePlan) -> tuple[Int64s, Int64s]:
    """Draw the times of registration, ascending; returns also the positions of the planted declarations."""
    days = [FIRST_DAY + timedelta(days=n) for n in range(DAYS)]
    weights = np.array([_HOLIDAY if day in HOLIDAYS else _WEEKDAYS[day.weekday()] for day in days])
    weights = weights * (0.96 + 0.08 * rng.random(DAYS))
    early, late = weights[:DAYS_UNTIL_MAY_6], weights[DAYS_UNTIL_MAY_6:]
    per_day = np.concatenate((split_total(plan.early, early), split_total(plan.late, late)))
    moments = np.repeat(START_MS + np.arange(DAYS) * DAY_MS, per_day)
    moments += categories(rng, len(moments), _HOURS) * HOUR_MS + rng.integers(0, HOUR_MS, len(moments))
    first = int(per_day[: days.index(_SPIKE_DAY)].sum())
    planted = local_ms(_SPIKE_DAY, "07:40") + np.arange(SPIKE_SHEETS) * _SPIKE_EVERY
    moments[first : first + SPIKE_SHEETS] = planted
    moments.sort()
    return moments, np.searchsorted(moments, planted).astype(np.int64)


def _numbers(rng: Generator, export: Mask) -> Int64s:
    """Draw ascending declaration numbers for imports and for exports."""
    numbers = np.zeros(len(export), dtype=np.int64)
    for mask, first in ((~export, _FIRST_IMPORT), (export, _FIRST_EXPORT)):
        numbers[mask] = first + np.cumsum(rng.integers(1, _NATIONAL_GAP, int(mask.sum())))
    return numbers
