"""The two tests: a burst is an improbable window, a drift is a run of too many dissatisfied opinions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import betaln, gammaln
from scipy.stats import false_discovery_control

from processors.domain.spikes.baseline import Baseline
from processors.domain.spikes.policy import SpikePolicy


@lru_cache(maxsize=65_536)
def burst_tail(opinions: int, dissatisfied: int, baseline: Baseline) -> float:
    """P(K >= dissatisfied) for K beta-binomial over `opinions` draws: how improbable the window is.

    Summed from the probability mass function; agrees with `scipy.stats.betabinom.sf(k - 1, n, a, b)` at a hundredth
    of its cost for the small counts met here. Remembered: at each tick the windows of all offices are asked for, and
    nearly all of them are as they were.
    """
    if dissatisfied <= 0:
        return 1.0
    a, b = baseline.alpha, baseline.beta
    k = np.arange(dissatisfied, opinions + 1)
    choose = gammaln(opinions + 1) - gammaln(k + 1) - gammaln(opinions - k + 1)
    mass = np.exp(choose + betaln(k + a, opinions - k + b) - betaln(a, b))
    return float(min(1.0, mass.sum()))


def adjusted(tails: Sequence[float]) -> list[float]:
    """Tail probabilities after false-discovery control across offices.

    Benjamini-Yekutieli: valid under any dependence; offices share enterprises, systems and holidays.
    """
    values: list[float] = false_discovery_control(tails, method="by").tolist()
    return values


def volume_allowance(opinions: int, heard_ms: int, policy: SpikePolicy) -> float:
    """By how much an office's drift thresholds differ from the policy's, for the opinions that it has.

    The mean run to a false alarm grows with the exponential of a CUSUM threshold, and is counted in opinions. With the
    logarithm of the number of opinions added, offices of all sizes raise as many false alarms a month; without, nearly
    all of them would come from the largest, and small ones would wait in vain. The slope is more than 1, since days
    differ by more than chance, and at a large office a bad day holds more opinions.

    Args:
        opinions: How many it had while it was heard.
        heard_ms: For how long that was, within `history_ms`. A new office is not a small one.
        policy: What is usual.
    """
    usual_share = policy.unknown_ms / policy.history_ms
    seen = opinions + policy.usual_opinions * usual_share
    expected = seen * policy.history_ms / (heard_ms + policy.unknown_ms)
    allowance = policy.allowance_slope * math.log(expected / policy.usual_opinions)
    return min(max(allowance, -policy.most_allowance), policy.most_allowance)


def drift_step(statistic: float, opinions: int, dissatisfied: int, share: float, drift_share: float) -> float:
    """Bernoulli CUSUM after one pane: evidence that the share rose from `share` to `drift_share`.

    Source: Page's test with log-likelihood ratios for Bernoulli trials. Within a pane the satisfied opinions are taken
    first: the order inside five minutes is not known, and this is the cautious one.
    """
    # Twice the baseline at least, and never 1: an office that only ever hears complaints must not stop the arithmetic.
    target = max(drift_share, min(2 * share, (1 + share) / 2))
    calm = opinions - dissatisfied
    fallen = max(0.0, statistic + calm * math.log((1 - target) / (1 - share)))
    return fallen + dissatisfied * math.log(target / share)
