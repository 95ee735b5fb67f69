"""Formulas of the tests: the tail of a window, false-discovery control, and the CUSUM of a drift."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from processors.domain.spikes.baseline import Baseline
from processors.domain.spikes.policy import SpikePolicy

_NEGLIGIBLE = 1e-16
"""Share of a sum below which a term no longer changes it."""


@lru_cache(maxsize=65_536)
def burst_tail(opinions: int, dissatisfied: int, baseline: Baseline) -> float:
    """Tail probability P(K >= dissatisfied) of a beta-binomial K over `opinions` draws.

    Cached, because nearly all windows are the same at the next tick.
    """
    if dissatisfied <= 0:
        return 1.0
    if dissatisfied > opinions:
        return 0.0
    # Sum the side of the distribution that does not hold its mean: terms only shrink there, and none underflows early.
    if dissatisfied > opinions * baseline.share:
        return min(1.0, _upper_sum(opinions, dissatisfied, baseline))
    return max(0.0, 1.0 - _lower_sum(opinions, dissatisfied - 1, baseline))


def _mass(opinions: int, k: int, baseline: Baseline) -> float:
    """P(K = k): C(n, k) B(k + a, n - k + b) / B(a, b)."""
    choose = math.lgamma(opinions + 1) - math.lgamma(k + 1) - math.lgamma(opinions - k + 1)
    a, b = baseline.alpha, baseline.beta
    return math.exp(choose + _log_beta(k + a, opinions - k + b) - _log_beta(a, b))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _upper_sum(opinions: int, k: int, baseline: Baseline) -> float:
    """P(K >= k) by the ratio of neighbouring terms, up to the first term that no longer counts.

    A baseline weighs more than two opinions, so the distribution has one peak and no later term counts either.
    """
    a, b = baseline.alpha, baseline.beta
    term = total = _mass(opinions, k, baseline)
    for j in range(k, opinions):
        term *= (opinions - j) * (j + a) / ((j + 1) * (opinions - j - 1 + b))
        total += term
        if term < total * _NEGLIGIBLE:
            break
    return total


def _lower_sum(opinions: int, k: int, baseline: Baseline) -> float:
    """P(K <= k) by the ratio of neighbouring terms."""
    a, b = baseline.alpha, baseline.beta
    term = total = _mass(opinions, k, baseline)
    for j in range(k, 0, -1):
        term *= j * (opinions - j + b) / ((opinions - j + 1) * (j - 1 + a))
        total += term
    return total


def adjusted(tails: Sequence[float]) -> list[float]:
    """Tail probabilities after false-discovery control across offices.

    Valid under any dependence: offices share enterprises, systems and holidays. Source: Benjamini and Yekutieli, "The
    control of the false discovery rate in multiple testing under dependency", Annals of Statistics 29 (2001), theorem
    1.3; the i-th smallest of m becomes the least p(j) m/j (1 + 1/2 + ... + 1/m) with j >= i, at most 1.
    """
    count = len(tails)
    harmonic = sum(1 / rank for rank in range(1, count + 1))
    found, least = [0.0] * count, 1.0
    ranked = sorted(range(count), key=tails.__getitem__, reverse=True)
    for rank, place in zip(range(count, 0, -1), ranked, strict=True):
        least = min(least, tails[place] * (count / rank) * harmonic)
        found[place] = least
    return found


def volume_allowance(opinions: int, observed_ms: int, policy: SpikePolicy) -> float:
    """Difference of an office's drift thresholds from those of the policy, by its number of opinions.

    The mean run to a false alarm grows with the exponential of a CUSUM threshold, and is counted in opinions. Adding
    the logarithm of the number of opinions gives offices of all sizes the same rate of false alarms a month. Without
    it, nearly all of them would come from the largest offices. The slope is more than 1, because days differ by more
    than chance, and a bad day of a large office holds more opinions.

    Args:
        opinions: Opinions in the observed time.
        observed_ms: Observed time within `history_ms`. A new office is not a small one.
        policy: The typical office.
    """
    usual_share = policy.unknown_ms / policy.history_ms
    seen = opinions + policy.usual_opinions * usual_share
    expected = seen * policy.history_ms / (observed_ms + policy.unknown_ms)
    allowance = policy.allowance_slope * math.log(expected / policy.usual_opinions)
    return min(max(allowance, -policy.most_allowance), policy.most_allowance)


@lru_cache(maxsize=16_384)
def drift_rates(share: float, drift_share: float) -> tuple[float, float]:
    """What a satisfied and a dissatisfied opinion add to a Bernoulli CUSUM for a rise from `share` to `drift_share`.

    Source: Page's test with log-likelihood ratios for Bernoulli trials.
    """
    # At least twice the baseline, and never 1: an office with dissatisfied opinions only must not divide by zero.
    target = max(drift_share, min(2 * share, (1 + share) / 2))
    return math.log((1 - target) / (1 - share)), math.log(target / share)


def drift_step(statistic: float, opinions: int, dissatisfied: int, share: float, drift_share: float) -> float:
    """Bernoulli CUSUM after one pane: evidence that the share rose from `share` to `drift_share`.

    Within a pane the satisfied opinions come first: the order inside five minutes is not known, and this order is the
    cautious one. So the satisfied opinions of several panes in a row can be added in one step.
    """
    satisfied, low = drift_rates(share, drift_share)
    return max(0.0, statistic + (opinions - dissatisfied) * satisfied) + dissatisfied * low
