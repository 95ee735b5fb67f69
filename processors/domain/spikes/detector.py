"""The detector as a fold over time: state after one tick and the counts give the state after the next.

The alerts are a function of the set of counts. When a count comes late, the fold goes back to the checkpoint before it
and runs again; what it then no longer says is retracted by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from processors.domain.panes import PANE_MS
from processors.domain.spikes.baseline import Baseline, common_baseline, office_baseline
from processors.domain.spikes.baseline_spans import totals, usual_spans
from processors.domain.spikes.detector_state import Episode, FoldState, Runs
from processors.domain.spikes.evidence import Evidence, window_evidence, window_tail
from processors.domain.spikes.office_series import OfficeSeries
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from processors.domain.spikes.statistics import adjusted, drift_step, volume_allowance
from processors.domain.spikes.target_evidence import target_evidence
from schemas.records import Detector, OfficeCount, TargetEvidence

Series = Mapping[str, OfficeSeries]

_EVEN = 0.5
"""As likely as not: a window that is no more improbable says nothing."""


class Fold:
    """Runs the tests of one policy over the counts of all offices."""

    def __init__(self, policy: SpikePolicy) -> None:
        self._policy = policy
        self._new_allowance = volume_allowance(0, 0, policy)  # of an office that the day's fit does not know
        self._adjusted: dict[int, dict[str, float]] = {}  # of the tick in hand: by window, of each office

    def refit(self, state: FoldState, series: Series, day: int) -> None:
        """Fit the baselines of a day from what came before the windows that will be tested in it."""
        policy = self._policy
        until = day - policy.burst_window_ms
        history = {
            office: totals(one, usual_spans(state.episodes(office), until, policy)) for office, one in series.items()
        }
        state.day = day
        common = common_baseline(list(history.values()), policy)
        # Of an office whose first count comes later in the day the same is said as if it had come before.
        state.common = office_baseline(common, 0, 0, policy)
        state.baselines = {office: office_baseline(common, n, k, policy) for office, (n, k) in history.items()}
        after = until - policy.history_ms
        state.allowance = {office: self._allowance(one, after, until) for office, one in series.items()}

    def _allowance(self, series: OfficeSeries, after: int, until: int) -> float:
        heard = until - max(after, series.first_end - PANE_MS)
        return volume_allowance(series.totals(after, until)[0], max(0, heard), self._policy)

    def tick(self, state: FoldState, series: Series, end: int, active: Sequence[str]) -> None:
        """Take the panes that end at `end`.

        Args:
            state: Where the fold stands; changed.
            series: Counts of all offices.
            end: The instant.
            active: Offices that have a count for the pane that ends then.
        """
        day = end - end % DAY_MS
        if day != state.day:
            self.refit(state, series, day)
        self._adjusted = {}
        for office in active:
            self._drift(state, series[office], office, end)
        for office in active:
            count = series[office].at(end)
            if count is not None and count.dissatisfied:
                self._judge(state, series, office, end)
        self.clear(state, series, end)
        state.time = max(state.time, end)

    def _baseline(self, state: FoldState, office: str) -> Baseline:
        known = state.baselines.get(office, state.common)
        return known or Baseline(self._policy.prior_share, self._policy.prior_strength)

    def _drift(self, state: FoldState, series: OfficeSeries, office: str, end: int) -> None:
        count = series.at(end)
        assert count is not None
        share = max(self._baseline(state, office).share, self._policy.least_drift_share)
        runs = []
        for drift, (statistic, since) in zip(self._policy.drifts, self._runs(state, office, end), strict=True):
            fresh = self._fresh(series, count, since, end) if count.dissatisfied else 0
            value = drift_step(statistic, count.opinions, fresh, share, drift.share)
            runs.append((value, since if statistic > 0 else end))
        state.cusum[office] = tuple(runs)

    def _runs(self, state: FoldState, office: str, end: int) -> Runs:
        return state.cusum.get(office, ((0.0, end),) * len(self._policy.drifts))

    def _fresh(self, series: OfficeSeries, count: OfficeCount, since: int, end: int) -> int:
        """Dissatisfied opinions of a pane from enterprises that a run has not heard yet."""
        known = {code for one in series.dissatisfied(since - PANE_MS, end - PANE_MS) for code in one.enterprises}
        return min(count.dissatisfied, len(set(count.enterprises) - known))

    def _strongest(self, state: FoldState, office: str) -> tuple[float, int, bool]:
        """The drift statistic that is furthest to its threshold, since when it runs, and whether it has reached it."""
        allowance = state.allowance.get(office, self._new_allowance)
        pairs = zip(self._policy.drifts, state.cusum[office], strict=True)
        over, value, since = max((run[0] - drift.threshold - allowance, *run) for drift, run in pairs)
        return value, since, over >= 0

    def _judge(self, state: FoldState, series: Series, office: str, end: int) -> None:
        policy, one = self._policy, series[office]
        baseline = self._baseline(state, office)
        statistic, since, drifted = self._strongest(state, office)
        held = state.open.get(office)
        if held is not None:
            seen = window_evidence(one, end, held.peak.window_ms, baseline, statistic)
            if seen.tail < held.peak.tail:
                corrected = self._corrected(state, series, office, seen)
                peak = replace(seen, adjusted=corrected, targets=self._targets(state, one, office, seen))
                state.open[office] = replace(held, peak=peak)
            return
        burst = window_evidence(one, end, policy.burst_window_ms, baseline, statistic)
        if burst.enterprises >= policy.least_dissatisfied and burst.tail <= policy.false_discovery_rate:
            corrected = self._corrected(state, series, office, burst)
            if corrected <= policy.false_discovery_rate:
                self._raise(state, one, office, Detector.BURST, replace(burst, adjusted=corrected))
                return
        if drifted:
            heard = {code for count in one.dissatisfied(since - PANE_MS, end) for code in count.enterprises}
            if len(heard) >= policy.least_dissatisfied:
                window = max(policy.drift_window_ms, -(-(end - since + PANE_MS) // DAY_MS) * DAY_MS)
                run = window_evidence(one, end, min(window, policy.longest_window_ms), baseline, statistic)
                self._raise(state, one, office, Detector.DRIFT, run)

    def _raise(self, state: FoldState, series: OfficeSeries, office: str, detector: Detector, seen: Evidence) -> None:
        peak = replace(seen, targets=self._targets(state, series, office, seen))
        anchor = self._anchor(state, series, office, seen.until)
        state.open[office] = Episode(office, detector, anchor, seen.until, peak)

    def _targets(
        self, state: FoldState, series: OfficeSeries, office: str, seen: Evidence
    ) -> tuple[TargetEvidence, ...]:
        """Teams and steps in a window that will be shown, beside their own history before it."""
        begins = seen.until - seen.window_ms
        spans = usual_spans(state.episodes(office), begins, self._policy)
        history = (count for span in spans for count in series.between(*span))
        return target_evidence(list(series.between(begins, seen.until)), history, self._policy)

    def _anchor(self, state: FoldState, series: OfficeSeries, office: str, end: int) -> int:
        """Start of the first dissatisfied pane in the burst window since the office's last alert was cleared."""
        cleared = max((one.cleared_at or 0 for one in state.episodes(office)), default=0)
        after = max(end - self._policy.burst_window_ms, cleared)
        return next(series.dissatisfied(after, end)).pane_start

    def _corrected(self, state: FoldState, series: Series, office: str, burst: Evidence) -> float:
        """Tail probability of the office's window after false-discovery control over the windows of all offices.

        Of all that had counts by then: which others will have some later must not change what is said of the past.
        """
        known = self._adjusted.get(burst.window_ms)
        if known is None:
            # The same for every office that is judged at this tick: neither counts nor baselines change within it.
            tails = {
                other: window_tail(one, burst.until, burst.window_ms, self._baseline(state, other))
                for other, one in series.items()
                if one.began(burst.until)
            }
            known = dict(zip(tails, adjusted(list(tails.values())), strict=True))
            self._adjusted[burst.window_ms] = known
        return known[office]

    def clear(self, state: FoldState, series: Series, now: int) -> None:
        """Clear the open episodes whose windows, as of `now`, are no longer improbable."""
        for office, episode in list(state.open.items()):
            if episode.raised_at == now:
                continue
            tail = window_tail(series[office], now, episode.peak.window_ms, self._baseline(state, office))
            if tail > self._harmless(episode):
                del state.open[office]
                state.closed.append(replace(episode, cleared_at=now))
                state.cusum[office] = ((0.0, now),) * len(self._policy.drifts)

    def _harmless(self, episode: Episode) -> float:
        """Above which tail probability of its window an episode is over."""
        policy = self._policy
        return max(policy.clear_probability, min(_EVEN, policy.clear_factor * episode.peak.tail))

    def quiet_ticks(self, state: FoldState, series: Series, until: int) -> list[int]:
        """Instants in (state.time, until) at which a dissatisfied pane leaves the window of an open episode."""
        ticks = set()
        for office, episode in state.open.items():
            window = episode.peak.window_ms
            for count in series[office].dissatisfied(state.time - window, until):
                left = count.pane_start + PANE_MS + window
                if state.time < left < until:
                    ticks.add(left)
        return sorted(ticks)
