"""The declaring enterprises: invented tax codes, and how active each is."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from producers.simulator.draws import Floats, Int64s, categories, chance
from producers.simulator.office_profiles import ENTERPRISES, OFFICES
from schemas.reference.tax_code import check_digit

_PREFIX = 97
"""No province has this number, so no invented code belongs to a real enterprise."""

_BRANCHES = 0.03


def tax_codes(rng: Generator, count: int) -> list[str]:
    """Make distinct valid tax codes; a few are those of branches (10 digits, hyphen, 3 digits)."""
    codes: list[str] = []
    branches = chance(rng, count, _BRANCHES)
    serial = int(rng.integers(100_000, 200_000))
    gaps = rng.integers(1, 900, count).tolist()
    while len(codes) < count:
        serial += gaps[len(codes)]
        first_nine = f"{_PREFIX}{serial:07d}"
        digit = check_digit(first_nine)
        if digit < 10:
            codes.append(f"{first_nine}{digit}" + ("-001" if branches[len(codes)] else ""))
    return codes


class Enterprises:
    """All enterprises of a scenario.

    Args:
        rng: Random numbers of this part.
        share: Share of the enterprises of full scale that take part.

    Attributes:
        tax_codes: One for each enterprise.
        rating_weight: How likely each is to rate, relative to the others.
    """

    def __init__(self, rng: Generator, share: float) -> None:
        sizes = {pool: max(round(size * share), 20) for pool, size in ENTERPRISES.items()}
        starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
        total = sum(sizes.values())
        self.tax_codes = tax_codes(rng, total)
        self.rating_weight: Floats = np.array([0.2, 0.6, 1.0, 2.0, 6.0])[rng.integers(0, 5, total)]
        # Each office orders its pool differently: an enterprise can be large at one port and small at the next.
        self._ranked: list[Int64s] = [
            starts[office.pool] + rng.permutation(sizes[office.pool]).astype(np.int64) for office in OFFICES
        ]

    def draw(self, rng: Generator, office: int, size: int) -> Int64s:
        """Draw who declares at an office: a heavy tail, few enterprises with very many declarations."""
        ranked = self._ranked[office]
        return ranked[categories(rng, size, (np.arange(len(ranked)) + 4.0) ** -1)]

    def distinct(self, office: int, size: int) -> Int64s:
        """Distinct enterprises of medium activity at an office."""
        start = len(self._ranked[office]) // 10
        return self._ranked[office][start : start + size]
