"""Simpler detectors: each computes a statistic after every rating, and alarms when it reaches a threshold.

All use the same baseline of the office on that day: its last 180 days without the last seven, combined with 150
opinions at 1.7 %. All look at every rating, so none waits for the end of a day.

* fixed threshold: the share of the last seven days, once it includes three dissatisfied ratings
* 3-sigma p-chart: standard deviations of the day's share so far above the baseline; the 3 is tuned
* EWMA of single ratings with weight 0.02, in standard deviations of its limit distribution
* CUSUM alone: Bernoulli log-likelihood from the baseline to 8 %, without enterprises, windows or other offices
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.alerting.world import BASE_SHARE, DAY_MS, START, Ratings, Real

PRIOR = 150.0
WEEK_MS = 7 * DAY_MS
WEIGHT = 0.02
SHIFTED = 0.08

Statistic = Callable[[Ratings], Real]


def _baseline(ratings: Ratings) -> Real:
    days = (ratings.at - START) // DAY_MS
    last = int(days[-1]) + 1
    n = np.bincount(days, minlength=last).cumsum()
    k = np.bincount(days, ratings.low, minlength=last).cumsum()

    def within(total: Real, day: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Real:
        until, after = np.clip(day - 8, -1, None), np.clip(day - 188, -1, None)
        padded = np.concatenate([[0.0], total])
        found: Real = padded[until + 1] - padded[after + 1]
        return found

    share: Real = (within(k, days) + BASE_SHARE * PRIOR) / (within(n.astype(float), days) + PRIOR)
    return share


def fixed_threshold(ratings: Ratings) -> Real:
    """Dissatisfied share of the last seven days; 0 with fewer than three dissatisfied ratings."""
    lows = np.concatenate([[0], ratings.low.cumsum()])
    first = np.searchsorted(ratings.at, ratings.at - WEEK_MS, side="right")
    here = np.arange(len(ratings.at)) + 1
    k, n = lows[here] - lows[first], here - first
    found: Real = np.where(k >= 3, k / n, 0.0)
    return found


def p_chart(ratings: Ratings) -> Real:
    """How many standard deviations the day's share so far lies above the baseline."""
    days = (ratings.at - START) // DAY_MS
    lows = np.concatenate([[0], ratings.low.cumsum()])
    first = np.searchsorted(days, days, side="left")
    here = np.arange(len(days)) + 1
    k, n, share = lows[here] - lows[first], here - first, _baseline(ratings)
    found: Real = (k / n - share) / np.sqrt(share * (1 - share) / n)
    return found


def ewma(ratings: Ratings) -> Real:
    """Exponentially weighted mean of ratings above the baseline, in standard deviations."""
    share, low = _baseline(ratings), ratings.low.astype(float)
    found, held = np.empty(len(low)), float(share[0])
    for place, value in enumerate(low):
        held += WEIGHT * (value - held)
        found[place] = held
    result: Real = (found - share) / np.sqrt(share * (1 - share) * WEIGHT / (2 - WEIGHT))
    return result


def cusum(ratings: Ratings) -> Real:
    """Bernoulli CUSUM; source: Page's test with log-likelihood ratios."""
    share = np.clip(_baseline(ratings), 0.002, 0.04)
    up = np.log(SHIFTED / share)
    down = np.log((1 - SHIFTED) / (1 - share))
    found, held = np.empty(len(share)), 0.0
    for place, low in enumerate(ratings.low):
        held = max(0.0, held + (up[place] if low else down[place]))
        found[place] = held
    return found


RIVALS: Mapping[str, Statistic] = {
    "fixed threshold": fixed_threshold,
    "p-chart": p_chart,
    "EWMA": ewma,
    "CUSUM": cusum,
}


def alarms(ratings: Ratings, statistic: Real, threshold: float) -> list[tuple[int, int]]:
    """(raised, cleared): raised when the statistic reaches the threshold, cleared a week after the last time it did."""
    hits = ratings.at[statistic >= threshold]
    if not len(hits):
        return []
    firsts = np.concatenate([[True], np.diff(hits) > WEEK_MS])
    starts = hits[firsts]
    lasts = np.concatenate([hits[np.flatnonzero(firsts)[1:] - 1], hits[-1:]])
    return list(zip(starts.tolist(), (lasts + WEEK_MS).tolist(), strict=True))
