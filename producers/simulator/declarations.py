"""The declarations: when each was registered, where, by whom and of what kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from producers.simulator.clock import DAYS, DAYS_UNTIL_MAY_6, FIRST_DAY, HOLIDAYS, HOUR_MS, local_ms
from producers.simulator.draws import MINUTE_MS, Floats, Int64s, categories, shares, stream
from producers.simulator.enterprises import Enterprises
from producers.simulator.figures import SPIKE_SHEETS, VolumePlan
from producers.simulator.profiles import EXPORT_KINDS, OFFICE_CODES, OFFICES, TEAM_CODES
from producers.simulator.staff import Staff

CHANNELS = (None, "GREEN", "YELLOW", "RED")
NO_CHANNEL, GREEN, YELLOW, RED = range(4)

KINDS = tuple(sorted({kind for office in OFFICES for kind in office.kinds}))
_EXPORT = np.array([kind in EXPORT_KINDS for kind in KINDS])

SPIKE_OFFICE = "03EE"
SPIKE_TEAM = "01"
_SPIKE_DAY = date(2020, 5, 8)
_SPIKE_FIRST = local_ms(_SPIKE_DAY, "07:40")
_SPIKE_EVERY = 15 * MINUTE_MS

_WEEKDAYS = (0.95, 1.0, 1.02, 1.03, 1.05, 0.13, 0.05)
_HOLIDAY = 0.06
_HOURS = (.2, .1, .1, .1, .1, .3, .8, 3, 9, 12, 11, 7, 3.5, 8, 11, 12, 11, 6, 2.5, 1.5, 1.2, .9, .6, .4)  # fmt: skip

_FIRST_IMPORT = 10_323_000_000
_FIRST_EXPORT = 30_313_000_000
_NATIONAL_GAP = 12
"""Numbers are issued nationwide: between two of Hai Phong's, others got some."""


@dataclass(frozen=True, slots=True)
class Declarations:
    """Declarations in columns, in order of registration.

    Attributes:
        number: The 11 digits of identity, as numbers.
        registered_at: Epoch milliseconds.
        office: Position in `OFFICES`.
        team: Position in `TEAM_CODES`.
        kind: Position in `KINDS`.
        export: Whether the kind is one of export.
        channel: First channel.
        enterprise: Position among the enterprises.
        official: Who handles it; position in `Staff.ids`.
        inspector: Who would inspect the goods.
        planted: Positions of the declarations behind the planted spike.
    """

    number: Int64s
    registered_at: Int64s
    office: Int64s
    team: Int64s
    kind: Int64s
    export: npt.NDArray[np.bool_]
    channel: Int64s
    enterprise: Int64s
    official: Int64s
    inspector: Int64s
    planted: Int64s

    def __len__(self) -> int:
        """How many."""
        return len(self.number)


def make_declarations(seed: int, plan: VolumePlan, enterprises: Enterprises, staff: Staff) -> Declarations:
    """All declarations of a scenario; exactly as many in each period as planned."""
    registered_at, planted = _registrations(stream(seed, "registrations"), plan)
    rng, size = stream(seed, "declarations"), plan.declarations
    office = categories(rng, size, [profile.share for profile in OFFICES])
    office[planted] = OFFICE_CODES.index(SPIKE_OFFICE)
    team, kind, channel, enterprise = (np.zeros(size, dtype=np.int64) for _ in range(4))
    for row, profile in enumerate(OFFICES):
        here = np.flatnonzero(office == row)
        count, routes = len(here), profile.channels
        team[here] = categories(rng, count, [profile.teams.get(code, 0.0) for code in TEAM_CODES])
        kind[here] = categories(rng, count, [profile.kinds.get(code, 0.0) for code in KINDS])
        channel[here] = GREEN + categories(rng, count, (routes.green, routes.yellow, routes.red))
        enterprise[here] = enterprises.draw(rng, row, count)
    team[planted] = TEAM_CODES.index(SPIKE_TEAM)
    kind[planted] = KINDS.index("A12")
    channel[planted] = RED
    enterprise[planted] = enterprises.several(OFFICE_CODES.index(SPIKE_OFFICE), len(planted))
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
    """Moments of registration, ascending, and the positions of those that the spike needs."""
    weights = _day_weights(rng)
    per_day = np.concatenate(
        (shares(plan.early, weights[:DAYS_UNTIL_MAY_6]), shares(plan.late, weights[DAYS_UNTIL_MAY_6:]))
    )
    midnights = np.array([local_ms(FIRST_DAY + timedelta(days=n)) for n in range(DAYS)], dtype=np.int64)
    moments = np.repeat(midnights, per_day)
    moments += categories(rng, len(moments), _HOURS) * HOUR_MS + rng.integers(0, HOUR_MS, len(moments))
    day = (_SPIKE_DAY - FIRST_DAY).days
    first = int(per_day[:day].sum())
    planted = _SPIKE_FIRST + np.arange(SPIKE_SHEETS) * _SPIKE_EVERY
    moments[first : first + SPIKE_SHEETS] = planted
    moments.sort()
    return moments, np.searchsorted(moments, planted).astype(np.int64)


def _day_weights(rng: Generator) -> Floats:
    days = [FIRST_DAY + timedelta(days=n) for n in range(DAYS)]
    weights = np.array([_HOLIDAY if day in HOLIDAYS else _WEEKDAYS[day.weekday()] for day in days])
    return weights * (0.96 + 0.08 * rng.random(DAYS))


def _numbers(rng: Generator, export: npt.NDArray[np.bool_]) -> Int64s:
    numbers = np.zeros(len(export), dtype=np.int64)
    for mask, first in ((~export, _FIRST_IMPORT), (export, _FIRST_EXPORT)):
        numbers[mask] = first + np.cumsum(rng.integers(1, _NATIONAL_GAP, int(mask.sum())))
    return numbers
