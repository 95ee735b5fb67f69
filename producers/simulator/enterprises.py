"""The declaring enterprises: invented tax codes, and who is how active."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from producers.simulator.draws import Floats, Int64s, categories, chance
from producers.simulator.profiles import ENTERPRISES, OFFICES

_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_PREFIX = 97
"""No province has this number, so no invented code belongs to a real enterprise."""

_BRANCHES = 0.03


def check_digit(first_nine: int) -> int:
    """The tenth digit of a tax code; 10 when these nine digits cannot begin one.

    Source: the rule N10 = 10 - (sum of weighted digits mod 11), which holds on known real codes.
    """
    digits = map(int, f"{first_nine:09d}")
    return 10 - sum(weight * digit for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11


def tax_codes(rng: Generator, count: int) -> list[str]:
    """Distinct valid tax codes; a few are those of branches (10 digits, hyphen, 3 digits)."""
    codes: list[str] = []
    branches = chance(rng, count, _BRANCHES)
    serial = int(rng.integers(100_000, 200_000))
    gaps = rng.integers(1, 900, count).tolist()
    while len(codes) < count:
        serial += gaps[len(codes)]
        first_nine = _PREFIX * 10_000_000 + serial
        digit = check_digit(first_nine)
        if digit < 10:
            codes.append(f"{first_nine:09d}{digit}" + ("-001" if branches[len(codes)] else ""))
    return codes


class Enterprises:
    """All enterprises of a scenario.

    Args:
        rng: Stream of this part.
        share: Share of the enterprises of full scale that take part.

    Attributes:
        tax_codes: One for each enterprise.
        keenness: How likely each is to rate, relative to the others.
    """

    def __init__(self, rng: Generator, share: float) -> None:
        sizes = {pool: max(round(size * share), 20) for pool, size in ENTERPRISES.items()}
        starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
        total = sum(sizes.values())
        self.tax_codes = tax_codes(rng, total)
        self.keenness: Floats = np.array([0.2, 0.6, 1.0, 2.0, 6.0])[rng.integers(0, 5, total)]
        # At each office of a pool another order of activity: who is large at one port may be small at the next.
        self._ranked = [starts[office.pool] + rng.permutation(sizes[office.pool]) for office in OFFICES]

    def draw(self, rng: Generator, office: int, size: int) -> Int64s:
        """Who declares at an office: a heavy tail, a few enterprises with very many declarations."""
        ranked = self._ranked[office]
        return self._take(ranked, categories(rng, size, (np.arange(len(ranked)) + 4.0) ** -1))

    def several(self, office: int, size: int) -> Int64s:
        """Distinct enterprises of middling activity at an office."""
        return self._take(self._ranked[office], np.arange(size) + len(self._ranked[office]) // 10)

    @staticmethod
    def _take(ranked: npt.NDArray[np.int64], places: Int64s) -> Int64s:
        taken: Int64s = ranked[places].astype(np.int64)
        return taken
