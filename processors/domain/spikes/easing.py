"""Whether the share of an office with an open alert has come down: the drift test in the other direction.

A window that is no longer improbable does not show that. Weeks of one office differ by chance, so the first better one
would end an alert although nothing has changed. So an alert stays open until the opinions since it was raised fit the
baseline far better than the least share that a drift test looks for. In the mean the statistic grows while the recent
share lies below `bound`, and falls, down to 0, while it lies above. Source: Page's test, as in `statistics`.
"""

from __future__ import annotations

from dataclasses import dataclass

from processors.domain.spikes.baseline import Baseline
from processors.domain.spikes.office_series import OfficeSeries
from processors.domain.spikes.policy import SpikePolicy
from processors.domain.spikes.statistics import drift_rates


@dataclass(frozen=True, slots=True)
class Easing:
    """The test of an open alert.

    Attributes:
        until: All panes that end by then are taken in.
        statistic: Logarithm of how much better the baseline explains the opinions since it was 0 than the raised share.
    """

    until: int
    statistic: float


def bound(baseline: Baseline, policy: SpikePolicy) -> float:
    """The share of dissatisfied opinions above which an alert stays open, in the mean."""
    satisfied, dissatisfied = _rates(baseline, policy)
    return satisfied / (satisfied + dissatisfied)


def eased(known: Easing, series: OfficeSeries, baseline: Baseline, until: int, policy: SpikePolicy) -> Easing:
    """The test after the panes that end in (known.until, until].

    Within a pane the satisfied opinions come first: the cautious order.
    """
    satisfied, dissatisfied = _rates(baseline, policy)
    statistic, at = known.statistic, known.until
    for pane in series.dissatisfied(known.until, until):
        opinions, low = series.effective(at, pane.end)
        statistic = max(0.0, statistic + (opinions - low) * satisfied - low * dissatisfied)
        at = pane.end
    opinions, _none = series.effective(at, until)
    return Easing(until, statistic + opinions * satisfied)


def _rates(baseline: Baseline, policy: SpikePolicy) -> tuple[float, float]:
    """What a satisfied opinion adds to the statistic, and what a dissatisfied one takes away."""
    raised = min(drift.share for drift in policy.drifts)
    satisfied, dissatisfied = drift_rates(max(baseline.share, policy.least_drift_share), raised)
    return -satisfied, dissatisfied
