"""Simulated ratings by firms as they are: a few rate much, in batches, with moods that last.

The worlds of `world.py` draw each opinion's enterprise nearly at random from thousands. Here an office has so many
firms; how often a firm rates is heavy-tailed (Pareto), it rates several declarations at one sitting, and its mood, an
autoregressive process on the log-odds of being dissatisfied, lasts for weeks and colours all of its ratings. Opinions
of one firm say the same thing again, and a large firm in a bad mood looks like trouble at the office.

What else befalls offices: a friendly pair that stuffs the box with fives, ten firms that complain within one hour, an
office that takes over another, a season of higher shares before Tết, offices that open later. All numbers but the
opinions a day and the base share are our assumptions; no data of firms were published.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.alerting.world import (
    BASE_SHARE,
    DAY_MS,
    OPEN_MS,
    OPENING_MS,
    SHARE_STRENGTH,
    START,
    Int,
    Plant,
    Ratings,
)
from processors.domain.panes import HOUR_MS
from schemas.reference.calendar import load_calendar

TAIL = 1.2
"""Exponent of the Pareto distribution of how often firms rate: with 250 firms the largest gives about a tenth."""
BATCH = 3.0
"""Mean number of ratings at one sitting, geometric."""
MOOD = 1.0
"""Standard deviation of the moods, log-odds."""
MOOD_DAYS = 45.0
"""Days after which a mood keeps a share of 1/e."""
TET = (0, 22, 376, 398)
"""First and last day of two seasons before and after Tết (22 January 2023, 10 February 2024), from START."""
TET_FACTOR = 2.5
FRIENDS = 10**7
"""Numbers of the pairs of friendly firms begin here."""
CROWD = 10
"""Firms that complain at once."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(31)


@dataclass(frozen=True)
class FirmSetting:
    """The parameters of a world of firms.

    Attributes:
        firms: Firms that rate an office.
        offices: Number of offices.
        days: Duration in calendar days.
        daily: Opinions of a typical office on a typical working day.
        spread: Standard deviation of their logarithm across offices.
        plants: Planted problems; those of one office do not overlap.
        stuffed: Whether two friendly firms double each office's volume with satisfied opinions, from day 100 on.
        crowds: Whether ten firms complain within one hour, once in 60 days at each office.
        merger: Whether each even office takes over the firms and opinions of the next one in the middle.
        tet: Whether the share is 2.5 times as high around Tết.
        opening: Day on which every third office opens; 0 for the beginning.
    """

    firms: int = 250
    offices: int = 9
    days: int = 730
    daily: float = 15.0
    spread: float = 0.7
    plants: tuple[Plant, ...] = ()
    stuffed: bool = False
    crowds: bool = False
    merger: bool = False
    tet: bool = False
    opening: int = 0

    def outage_spans(self) -> list[tuple[int, int]]:
        """No outages."""
        return []


def simulate_firms(setting: FirmSetting, seed: int) -> list[Ratings]:
    """Simulate the ratings of every office."""
    draw = np.random.default_rng(seed)
    calendar = load_calendar()
    worked = [calendar.is_working_day(START + day * DAY_MS) for day in range(setting.days)]
    offices = [_office(setting, number, worked, draw) for number in range(setting.offices)]
    return _merged(offices, setting) if setting.merger else offices


@lru_cache(maxsize=4096)
def _intercept(share: float) -> float:
    """The log-odds at which firms of all moods together are dissatisfied in this share."""
    low, high = -15.0, 5.0
    for _ in range(50):
        middle = (low + high) / 2
        mean = float((_WEIGHTS / (1 + np.exp(-(middle + MOOD * _NODES)))).sum() / _WEIGHTS.sum())
        low, high = (middle, high) if mean < share else (low, middle)
    return (low + high) / 2


@dataclass
class _Sent:
    """Opinions while an office is simulated: when, whether dissatisfied, by which firm."""

    columns: list[tuple[Int, Int, Int]] = field(default_factory=list)

    def add(self, at: Int, low: npt.NDArray[Any], firm: Int) -> None:
        """Opinions in any order."""
        self.columns.append((at, low.astype(np.int64), firm))

    def ratings(self, plants: list[Plant]) -> Ratings:
        """All of them, in order of time."""
        at, low, firm = (np.concatenate(one) for one in zip(*self.columns, strict=True))
        order = np.argsort(at, kind="stable")
        return Ratings(at[order], low[order].astype(bool), firm[order], plants)


def _office(setting: FirmSetting, number: int, worked: list[bool], draw: np.random.Generator) -> Ratings:
    own = draw.beta(BASE_SHARE * SHARE_STRENGTH, (1 - BASE_SHARE) * SHARE_STRENGTH)
    daily = setting.daily * np.exp(draw.normal(0, setting.spread) - setting.spread**2 / 2)
    plants = [plant for plant in setting.plants if plant.office == number]
    weights = draw.pareto(TAIL, setting.firms) + 1
    weights /= weights.sum()
    moods = draw.normal(0, MOOD, setting.firms)
    keep = np.exp(-1 / MOOD_DAYS)
    first = setting.opening if number % 3 == 2 else 0
    sent = _Sent()
    for day, is_worked in enumerate(worked):
        moods = keep * moods + draw.normal(0, MOOD * np.sqrt(1 - keep**2), setting.firms)
        if not is_worked or day < first:
            continue
        begin = START + day * DAY_MS + OPENING_MS
        usual = own * (TET_FACTOR if setting.tet and _is_tet(day) else 1.0)
        for plant in plants:
            usual = plant.of_day(day, usual)
        level = _intercept(usual)
        sittings = int(draw.poisson(daily / BATCH))
        firms = draw.choice(setting.firms, sittings, p=weights)
        sizes = draw.geometric(1 / BATCH, sittings)
        rated = np.repeat(firms, sizes)
        starts = np.repeat(begin + draw.integers(0, OPEN_MS - HOUR_MS, sittings), sizes)
        low = draw.random(len(rated)) < 1 / (1 + np.exp(-(level + moods[rated])))
        sent.add(starts + draw.integers(0, HOUR_MS, len(rated)), low, rated)
        if setting.stuffed and day >= 100:
            extra = int(draw.poisson(daily))
            friends = FRIENDS + 2 * number + draw.integers(0, 2, extra)
            sent.add(begin + draw.integers(0, OPEN_MS, extra), np.zeros(extra), friends)
        if setting.crowds and draw.random() < 1 / 43:
            crowd = draw.choice(setting.firms, min(CROWD, setting.firms), replace=False)
            at = begin + draw.integers(0, OPEN_MS - HOUR_MS) + draw.integers(0, HOUR_MS, len(crowd))
            sent.add(at, np.ones(len(crowd)), crowd)
    return sent.ratings(plants)


def _is_tet(day: int) -> bool:
    return TET[0] <= day <= TET[1] or TET[2] <= day <= TET[3]


def _merged(offices: list[Ratings], setting: FirmSetting) -> list[Ratings]:
    """Each even office with what comes for the next one from the middle on, whose firms have numbers of their own."""
    middle = START + setting.days // 2 * DAY_MS
    found = []
    for one, other in zip(offices[::2], offices[1::2], strict=True):
        early, sent = other.at < middle, _Sent()
        sent.add(one.at, one.low, one.enterprise)
        sent.add(other.at[~early], other.low[~early], other.enterprise[~early] + setting.firms)
        found += [
            sent.ratings(one.plants),
            Ratings(other.at[early], other.low[early], other.enterprise[early], other.plants),
        ]
    return found
