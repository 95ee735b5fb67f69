"""Simulated ratings of offices: small counts, drifting shares, seasons, Tết, outages, planted problems.

The number of opinions on a day is Poisson distributed. Each is dissatisfied with the office's probability of that day:
a beta variable around the share of the office, so days differ by more than chance (over-dispersion). A slow random walk
moves the share, so baselines become outdated. 15 opinions per office and working day and 1.7 % dissatisfied are the
figures of Hai Phong in 2020; their spread is our assumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from schemas.reference.calendar import load_calendar

DAY_MS = 86_400_000
START = 1_672_592_400_000
"""2 January 2023, 00:00 local."""
OPENING_MS = 8 * 3_600_000
OPEN_MS = 8 * 3_600_000
BASE_SHARE = 0.017
SHARE_STRENGTH = 250.0
"""Weight of the beta distribution of shares across offices."""
DAY_STRENGTH = 150.0
"""Weight of the beta distribution of an office's share across days."""
WANDER = 0.015
"""Standard deviation of the daily step of an office's share, log scale; the walk shrinks by 2 % a day."""
ENTERPRISES = 3000
OUTAGE_EVERY = 40
"""Days from one outage to the next, in a world with outages."""
OUTAGE_DAYS = 2
"""Duration of an outage: VNACCS was down for two days in August 2024 (`schemas/reference/data/outages.toml`)."""
OUTAGE_SHARE = 0.35
"""Share of dissatisfied opinions during an outage. Our assumption: no figure was published."""

Int = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plant:
    """One planted problem.

    Attributes:
        office: Number of the office.
        first: First day, counted from START.
        days: Duration in days.
        share: Share of dissatisfied opinions during the problem, or at its end for a ramp.
        ramp: Whether the share grows evenly up to `share`.
    """

    office: int
    first: int
    days: int
    share: float
    ramp: bool = False

    def of_day(self, day: int, usual: float) -> float:
        """The share on a day on which the office would otherwise have the share `usual`."""
        if not self.first <= day < self.first + self.days:
            return usual
        weight = (day - self.first + 1) / self.days if self.ramp else 1.0
        return usual + weight * max(0.0, self.share - usual)


@dataclass(frozen=True)
class Setting:
    """The parameters of a world.

    Attributes:
        offices: Number of offices.
        days: Duration in calendar days.
        daily: Opinions of a typical office on a typical working day.
        spread: Standard deviation of their logarithm across offices.
        plants: Planted problems; those of one office do not overlap.
        angry: Dissatisfied sheets that one enterprise sends on one day, once in 60 days at each office; 0 for none.
        response_step: Factor for the number of satisfied opinions in the second half; 1 for no change.
        outages: Whether all systems are down for two days in forty.
    """

    offices: int = 9
    days: int = 730
    daily: float = 15.0
    spread: float = 0.7
    plants: tuple[Plant, ...] = ()
    angry: int = 0
    response_step: float = 1.0
    outages: bool = False

    def outage_spans(self) -> list[tuple[int, int]]:
        """(start, end) of each outage."""
        firsts = range(OUTAGE_EVERY, self.days, OUTAGE_EVERY) if self.outages else ()
        return [(START + first * DAY_MS, START + (first + OUTAGE_DAYS) * DAY_MS) for first in firsts]


@dataclass
class Ratings:
    """The opinions about one office, in order of time.

    Attributes:
        at: Epoch milliseconds.
        low: Whether the opinion is dissatisfied.
        enterprise: Number of the enterprise.
        plants: Problems planted at the office.
    """

    at: Int
    low: npt.NDArray[np.bool_]
    enterprise: Int
    plants: list[Plant] = field(default_factory=list)

    def outside(self, spans: Sequence[tuple[int, int]]) -> Ratings:
        """The ratings outside some time spans."""
        kept = np.ones(len(self.at), bool)
        for start, end in spans:
            kept &= (self.at < start) | (self.at >= end)
        return Ratings(self.at[kept], self.low[kept], self.enterprise[kept], self.plants)


def simulate(setting: Setting, seed: int) -> list[Ratings]:
    """Simulate the ratings of every office."""
    draw = np.random.default_rng(seed)
    calendar = load_calendar()
    worked = [calendar.is_working_day(START + day * DAY_MS) for day in range(setting.days)]
    return [_office(setting, number, worked, draw) for number in range(setting.offices)]


def _office(setting: Setting, number: int, worked: list[bool], draw: np.random.Generator) -> Ratings:
    own = draw.beta(BASE_SHARE * SHARE_STRENGTH, (1 - BASE_SHARE) * SHARE_STRENGTH)
    daily = setting.daily * np.exp(draw.normal(0, setting.spread) - setting.spread**2 / 2)
    plants = [plant for plant in setting.plants if plant.office == number]
    down = {(start - START) // DAY_MS + day for start, _end in setting.outage_spans() for day in range(OUTAGE_DAYS)}
    walk = 0.0
    times, lows, firms = [], [], []
    for day, is_worked in enumerate(worked):
        walk = walk * 0.98 + draw.normal(0, WANDER)
        begin = START + day * DAY_MS + OPENING_MS
        if is_worked:
            season = 1 + 0.15 * np.sin(2 * np.pi * day / 365) + (0.1 if day % 7 == 0 else 0.0)
            usual = min(0.5, own * float(np.exp(walk)))
            for plant in plants:
                usual = plant.of_day(day, usual)
            if day in down:
                usual = max(usual, OUTAGE_SHARE)
            share = draw.beta(usual * DAY_STRENGTH, (1 - usual) * DAY_STRENGTH)
            count = int(draw.poisson(daily * season))
            low = draw.random(count) < share
            if setting.response_step != 1 and day > setting.days / 2:
                low = np.concatenate([low, np.zeros(int(draw.poisson(daily * (setting.response_step - 1))), bool)])
                draw.shuffle(low)
            times.append(np.sort(draw.integers(begin, begin + OPEN_MS, len(low))))
            lows.append(low)
            firms.append(np.minimum(draw.zipf(1.6, len(low)), ENTERPRISES) + draw.integers(0, ENTERPRISES, len(low)))
        if setting.angry and is_worked and draw.random() < 1 / 43:
            times.append(np.sort(draw.integers(begin, begin + OPEN_MS, setting.angry)))
            lows.append(np.ones(setting.angry, bool))
            firms.append(np.full(setting.angry, int(draw.integers(10**6, 2 * 10**6))))
    at = np.concatenate(times)
    order = np.argsort(at, kind="stable")
    return Ratings(at[order], np.concatenate(lows)[order], np.concatenate(firms)[order], plants)
