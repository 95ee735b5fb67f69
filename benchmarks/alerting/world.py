"""Simulated ratings of offices: small counts, shares that wander, seasons, Tết, outages, planted troubles.

A day of an office has Poisson many opinions. Each is dissatisfied with the office's share of that day: a beta variable
around a share of its own, so days differ by more than chance (over-dispersion), moved by a slow random walk, so
baselines age. Numbers: 15 opinions an office and working day, 1.7 % dissatisfied, as in Hai Phong 2020; their spread
is ours.
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
"""How much the shares of offices differ: a beta distribution of this weight."""
DAY_STRENGTH = 150.0
"""How much the share of an office differs from day to day, likewise."""
WANDER = 0.015
"""Standard deviation of the daily step of an office's share, on the log scale; it is drawn back by a fiftieth a day."""
ENTERPRISES = 3000
OUTAGE_EVERY = 40
"""Days from one outage to the next, in a world that has them."""
OUTAGE_DAYS = 2
"""How long one lasts: VNACCS was down for two days in August 2024 (`schemas/reference/data/outages.toml`)."""
OUTAGE_SHARE = 0.35
"""Share of dissatisfied opinions while nothing works. Ours: no figure was published."""

Int = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plant:
    """One planted trouble.

    Attributes:
        office: At which office.
        first: First day of it, from START.
        days: How many days.
        share: Share of dissatisfied opinions while it lasts, or at its end for a ramp.
        ramp: Whether the share grows evenly up to that.
    """

    office: int
    first: int
    days: int
    share: float
    ramp: bool = False

    def of_day(self, day: int, usual: float) -> float:
        """The share on a day, where the office would have `usual`."""
        if not self.first <= day < self.first + self.days:
            return usual
        weight = (day - self.first + 1) / self.days if self.ramp else 1.0
        return usual + weight * max(0.0, self.share - usual)


@dataclass(frozen=True)
class Setting:
    """What kind of world it is.

    Attributes:
        offices: How many.
        days: How long, calendar days.
        daily: Opinions of a usual office on a usual working day.
        spread: Standard deviation of their logarithm across offices.
        plants: Troubles; those of one office lie apart from each other.
        angry: One enterprise sends so many dissatisfied sheets in one day, once in 60 days at each office; 0: never.
        response_step: From the middle on, so many times as many satisfied opinions come; 1: no change.
        outages: Whether the systems are down everywhere for two days in forty.
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
        """(first instant, end) of each outage."""
        firsts = range(OUTAGE_EVERY, self.days, OUTAGE_EVERY) if self.outages else ()
        return [(START + first * DAY_MS, START + (first + OUTAGE_DAYS) * DAY_MS) for first in firsts]


@dataclass
class Ratings:
    """The opinions about one office, in order of time.

    Attributes:
        at: When, epoch milliseconds.
        low: Whether dissatisfied.
        enterprise: Who.
    """

    at: Int
    low: npt.NDArray[np.bool_]
    enterprise: Int
    plants: list[Plant] = field(default_factory=list)

    def outside(self, spans: Sequence[tuple[int, int]]) -> Ratings:
        """Those that do not lie in one of the times."""
        kept = np.ones(len(self.at), bool)
        for start, end in spans:
            kept &= (self.at < start) | (self.at >= end)
        return Ratings(self.at[kept], self.low[kept], self.enterprise[kept], self.plants)


def simulate(setting: Setting, seed: int) -> list[Ratings]:
    """The ratings of every office."""
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
