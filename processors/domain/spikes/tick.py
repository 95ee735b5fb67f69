"""All offices at one instant: what a test may look at when it judges one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from processors.domain.spikes.baseline import Baseline
from processors.domain.spikes.detector_state import DetectorState, DriftRuns, Episode
from processors.domain.spikes.drift_runs import after_satisfied
from processors.domain.spikes.evidence import Evidence, window_evidence, window_tail
from processors.domain.spikes.office_series import OfficeSeries
from processors.domain.spikes.policy import SpikePolicy
from processors.domain.spikes.statistics import adjusted, volume_allowance

Series = Mapping[str, OfficeSeries]
"""The counts of each office, in the order of their codes: sums of floats depend on the order."""


@dataclass(slots=True)  # not frozen: that would double the time to make one
class Tick:
    """Counts and state of all offices at an instant.

    Attributes:
        state: State of the detector, as of this instant.
        series: Counts of all offices. Later counts may be known already and must not be looked at.
        now: The instant, the end of a pane.
    """

    policy: SpikePolicy
    state: DetectorState
    series: Series
    now: int
    _adjusted: dict[int, dict[str, float]] = field(default_factory=dict)

    def baseline(self, office: str) -> Baseline:
        """Expected share of dissatisfied opinions at an office."""
        known = self.state.baselines.get(office, self.state.common)
        return known or Baseline(self.policy.prior_share, self.policy.prior_strength)

    def drift_runs(self, office: str) -> DriftRuns:
        """The drift tests of an office after all its opinions so far."""
        known = self.state.drift.get(office)
        if known is None:
            return DriftRuns(self.now, ((0.0, self.now),) * len(self.policy.drifts))
        return after_satisfied(known, self.series[office], self.baseline(office), self.now, self.policy)

    def strongest_drift(self, office: str) -> tuple[float, int, float]:
        """Of the drift run closest to or furthest over its threshold: statistic, start, by how much it is over."""
        allowance = self.state.allowance.get(office)
        if allowance is None:  # unknown at the day's fit
            allowance = volume_allowance(0, 0, self.policy)
        pairs = zip(self.policy.drifts, self.drift_runs(office).runs, strict=True)
        over, value, since = max((run[0] - drift.threshold - allowance, *run) for drift, run in pairs)
        return value, since, over

    def share_came_down(self, episode: Episode) -> bool:
        """Whether the opinions since an alert was raised show that the share came down; or there are none any more."""
        last = self.series[episode.office].last_end_by(self.now)
        silent = last is not None and self.now - last >= self.policy.silence_ms
        return silent or self.state.easing[episode.office].statistic >= self.policy.easing_threshold

    def window(self, office: str, window_ms: int) -> Evidence:
        """Evidence of an office's window that ends now."""
        statistic, _since, _over = self.strongest_drift(office)
        return window_evidence(self.series[office], self.now, window_ms, self.baseline(office), statistic)

    def window_tail(self, office: str, window_ms: int) -> float:
        """Tail probability of an office's window that ends now."""
        return window_tail(self.series[office], self.now, window_ms, self.baseline(office))

    def adjusted_tail(self, office: str, window_ms: int) -> float:
        """Tail probability of an office's window after false-discovery control over the windows of all offices.

        Offices count from their first opinion on: those that appear later must not change a judgement of the past.
        """
        known = self._adjusted.get(window_ms)
        if known is None:
            # Shared by all offices judged at this tick: neither counts nor baselines change within it.
            offices = [office for office, series in self.series.items() if series.began(self.now)]
            tails = [self.window_tail(office, window_ms) for office in offices]
            known = self._adjusted[window_ms] = dict(zip(offices, adjusted(tails), strict=True))
        return known[office]
