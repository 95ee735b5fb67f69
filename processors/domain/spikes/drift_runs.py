"""The drift tests of an office from one pane with a dissatisfied opinion to the next.

Satisfied opinions only lower a statistic, down to 0, so those of many panes are taken in together. This saves nearly
all steps of a long history: one opinion in some sixty is dissatisfied.
"""

from __future__ import annotations

from processors.domain.spikes.baseline import Baseline
from processors.domain.spikes.detector_state import DriftRuns
from processors.domain.spikes.office_series import OfficeSeries
from processors.domain.spikes.policy import SpikePolicy
from processors.domain.spikes.statistics import drift_rates, drift_step


def after_satisfied(
    known: DriftRuns, series: OfficeSeries, baseline: Baseline, until: int, policy: SpikePolicy
) -> DriftRuns:
    """The runs after the panes that end in (known.until, until], none of which holds a dissatisfied opinion."""
    if until <= known.until:
        return known
    if not any(statistic for statistic, _since in known.runs):
        return DriftRuns(until, known.runs)
    opinions, _none = series.effective(known.until, until)
    share = max(baseline.share, policy.least_drift_share)
    return DriftRuns(
        until,
        tuple(
            (max(0.0, statistic + opinions * drift_rates(share, drift.share)[0]), since)
            for (statistic, since), drift in zip(known.runs, policy.drifts, strict=True)
        ),
    )


def after_pane(known: DriftRuns, series: OfficeSeries, baseline: Baseline, end: int, policy: SpikePolicy) -> DriftRuns:
    """The runs after the pane with dissatisfied opinions that ends then; `known` has taken in all panes before it.

    A run begins with the first pane after the statistic was 0.
    """
    share = max(baseline.share, policy.least_drift_share)
    opinions, low = series.effective(end - 1, end)
    return DriftRuns(
        end,
        tuple(
            (drift_step(statistic, opinions, low, share, drift.share), since if statistic > 0 else end)
            for (statistic, since), drift in zip(known.runs, policy.drifts, strict=True)
        ),
    )
