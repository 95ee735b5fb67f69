"""How often an alarm like this comes by chance at an office where nothing changes; docs/alerts.md derives it.

An adjusted probability answers another question, the share of false alarms among those of one instant. Of a drift it
says nothing: the window of a slow rise is hardly improbable.
"""

from __future__ import annotations

import math

from processors.domain.panes import HOUR_MS
from processors.domain.spikes.policy import SpikePolicy

MONTH_MS = 730 * HOUR_MS
"""A twelfth of a year."""


def drift_alarms(excess: float, policy: SpikePolicy) -> float:
    """False alarms of the drift tests a month that reach such a statistic.

    How far the statistics of false alarms lie over their threshold is distributed exponentially, as for any random walk
    that falls in the mean. The threshold of an office grows with the logarithm of its number of opinions, its looks. So
    the rate at the threshold is the same for offices of every size.

    Args:
        excess: Largest value of a statistic over the threshold of its test at the office.
        policy: The rate at the threshold, and how fast it falls.
    """
    return policy.drift_alarms * math.exp(-policy.drift_decay * max(0.0, excess))


def burst_alarms(tail: float, opinions: int, observed_ms: int, share: float, policy: SpikePolicy) -> float:
    """False alarms of the burst test a month whose window is so improbable: looks a month times the chance at each.

    The test looks whenever a dissatisfied opinion comes. The window then holds that one already, and days differ by
    more than chance, so the chance at a look is higher than the tail probability (`burst_factor`).

    Args:
        tail: Tail probability of the window.
        opinions: Opinions of the office in the observed time.
        observed_ms: That time; a new office is taken for one of the usual size as far as it is unknown.
        share: Expected share of dissatisfied opinions.
        policy: The factor, and the usual office.
    """
    unknown = policy.unknown_ms
    seen = opinions + policy.usual_opinions * unknown / policy.history_ms
    looks = seen * share * MONTH_MS / (observed_ms + unknown)
    return min(policy.burst_alarms, policy.burst_factor * looks * tail)


def months_between(alarms: float) -> float:
    """Months from one such alarm to the next, in the mean."""
    return 1 / max(alarms, 1e-9)
