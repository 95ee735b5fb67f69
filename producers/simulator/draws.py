"""Random draws that are the same on every machine.

Only integers, uniforms and table look-ups are drawn: no draw depends on how a platform computes a logarithm. Each part
of the scenario has its own stream, so that a change in one leaves the others as they were.
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

MINUTE_MS = 60_000
_QUANTILES = 4096


def stream(seed: int, part: str) -> Generator:
    """The stream of random numbers of one part of a scenario.

    Args:
        seed: Seed of the scenario, not negative.
        part: Name of the part.
    """
    return Generator(PCG64([seed, *part.encode()]))


@cache
def _lognormal_table(median_minutes: float, sigma: float) -> Int64s:
    normal = NormalDist()
    z = np.array([normal.inv_cdf((i + 0.5) / _QUANTILES) for i in range(_QUANTILES)])
    return np.rint(np.exp(sigma * z) * median_minutes * MINUTE_MS).astype(np.int64)


def lognormal_ms(rng: Generator, size: int, median_minutes: float, sigma: float) -> Int64s:
    """Durations in milliseconds with a log-normal distribution, by 4,096 quantiles and a little jitter."""
    table = _lognormal_table(median_minutes, sigma)
    jitter = max(2, int(median_minutes * MINUTE_MS) // 64)
    return table[rng.integers(0, _QUANTILES, size)] + rng.integers(0, jitter, size)


def chance(rng: Generator, size: int, probability: float) -> npt.NDArray[np.bool_]:
    """True with that probability."""
    return rng.random(size) < probability


def categories(rng: Generator, size: int, weights: Sequence[float] | npt.NDArray[np.floating]) -> Int64s:
    """Positions drawn with these weights."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], rng.random(size), side="right").clip(max=len(edges) - 1).astype(np.int64)


def shares(total: int, weights: Sequence[float] | Floats) -> Int64s:
    """A total split in proportion to weights, by largest remainder: the parts add up exactly."""
    exact = np.asarray(weights, dtype=np.float64) * (total / float(np.sum(weights)))
    parts = np.floor(exact).astype(np.int64)
    largest = np.argsort(parts - exact, kind="stable")
    parts[largest[: total - int(parts.sum())]] += 1
    return parts


def weighted_sample(rng: Generator, candidates: Int64s, weights: Floats, size: int) -> Int64s:
    """Distinct candidates, likelier with a larger weight (sequential Poisson sampling, Ohlsson 1998), ascending.

    Raises:
        ValueError: Fewer candidates than asked for.
    """
    if len(candidates) < size:
        raise ValueError(f"{size} of {len(candidates)} cannot be drawn: the scenario is too small")
    ranks = rng.random(len(candidates)) / weights
    return np.sort(candidates[np.argsort(ranks, kind="stable")[:size]])
