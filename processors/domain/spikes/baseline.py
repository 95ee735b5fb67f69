"""The expected share of dissatisfied opinions at an office: empirical Bayes over all offices.

The common baseline is a beta distribution: its mean is the pooled share, its strength is fitted from how much offices
differ beyond chance (moment estimator for the beta-binomial: Kleinman, "Proportions with extraneous variance", JASA
68, 1973). An office's own history then moves the common mean towards the office, as far as its numbers allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from processors.domain.spikes.policy import SpikePolicy


@dataclass(frozen=True, slots=True)
class Baseline:
    """Beta distribution of the share of dissatisfied opinions: its mean, and its weight in opinions (alpha + beta)."""

    share: float
    strength: float

    @property
    def alpha(self) -> float:
        """First parameter of the beta distribution."""
        return self.share * self.strength

    @property
    def beta(self) -> float:
        """Second parameter of the beta distribution."""
        return (1 - self.share) * self.strength


def common_baseline(history: Sequence[tuple[int, int]], policy: SpikePolicy) -> Baseline:
    """Fit the common baseline.

    Args:
        history: (opinions, dissatisfied) of each office, tested windows and alert periods left out.
        policy: The prior used while little is known, and the limits of the fit.
    """
    seen = [(n, k) for n, k in history if n > 0]
    total = sum(n for n, _ in seen)
    share = (sum(k for _, k in seen) + policy.prior_share * policy.prior_strength) / (total + policy.prior_strength)
    low, high = policy.strength_bounds
    offices = len(seen)
    spread = total - sum(n * n for n, _ in seen) / total - (offices - 1) if total else 0.0
    if offices < 3 or spread <= 0 or total < policy.prior_strength:
        return Baseline(share, policy.prior_strength)
    variance = sum(n * (k / n - share) ** 2 for n, k in seen) / (share * (1 - share))
    correlation = (variance - (offices - 1)) / spread
    strength = high if correlation <= 0 else 1 / correlation - 1
    return Baseline(share, min(max(strength, low), high))


def office_baseline(common: Baseline, opinions: int, dissatisfied: int, policy: SpikePolicy) -> Baseline:
    """The common baseline moved by an office's own history."""
    weight = common.strength + opinions
    share = (common.alpha + dissatisfied) / weight
    return Baseline(share, min(weight, policy.weight_limit))
