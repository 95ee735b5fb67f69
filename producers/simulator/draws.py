"""Random draws that give the same numbers on every machine.

Only integers, uniform numbers and table look-ups are drawn, so no draw depends on how a platform computes a logarithm.
Each part of the scenario has its own stream: a change in one part leaves the others as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from numpy.random import PCG64, Generator

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MINUTE_MS = 60_000
_QUANTILES = 4096


def stream(seed: int, part: str) -> Generator:
    """The random numbers of one part of the scenario. A new name for a part changes its numbers."""
    return Generator(PCG64([seed, *part.encode()]))


@cache
def _lognormal_table(median_minutes: float, sigma: float) -> Int64s:
    normal = NormalDist()
    z = np.array([normal.inv_cdf((i + 0.5) / _QUANTILES) for i in range(_QUANTILES)])
    return np.rint(np.exp(sigma * z) * median_minutes * MINUTE_MS).astype(np.int64)


def lognormal_ms(rng: Generator, size: int, median_minutes: float, sigma: float) -> Int64s:
    """Draw log-normal durations in milliseconds, from 4,096 quantiles with a little jitter."""
    table = _lognormal_table(median_minutes, sigma)
    jitter = max(2, int(median_minutes * MINUTE_MS) // 64)
    return table[rng.integers(0, _QUANTILES, size)] + rng.integers(0, jitter, size)


def chance(rng: Generator, size: int, probability: float) -> Mask:
    """Draw booleans that are true with this probability."""
    return rng.random(size) < probability


def categories(rng: Generator, size: int, weights: Sequence[float] | npt.NDArray[np.floating]) -> Int64s:
    """Draw positions in `weights`, each in proportion to its weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], rng.random(size), side="right").clip(max=len(edges) - 1).astype(np.int64)


def split_total(total: int, weights: Sequence[float] | Floats) -> Int64s:
    """Split a total in proportion to weights, by largest remainder: the parts add up exactly."""
    exact = np.asarray(weights, dtype=np.float64) * (total / float(np.sum(weights)))
    parts = np.floor(exact).astype(np.int64)
    largest = np.argsort(parts - exact, kind="stable")
    parts[largest[: total - int(parts.sum())]] += 1
    return parts


def weighted_sample(rng: Generator, candidates: Int64s, weights: Floats, size: int) -> Int64s:
    """Draw distinct candidates by weight (sequential Poisson sampling, Ohlsson 1998), in ascending order.

    Raises:
        ValueError: There are fewer candidates than `size`.
    """
    if len(candidates) < size:
        raise ValueError(f"cannot draw {size} of {len(candidates)} candidates: choose a larger scale")
    ranks = rng.random(len(candidates)) / weights
    return np.sort(candidates[np.argsort(ranks, kind="stable")[:size]])
