"""The spike detector as a state machine over time: its state after a tick follows from the state before and the counts.

The alerts are a function of the set of counts. When a count comes late, `alert_store` goes back to an earlier state and
runs the ticks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from processors.domain.panes import PANE_MS
from processors.domain.spikes.baseline import common_baseline, office_baseline
from processors.domain.spikes.baseline_spans import totals, usual_spans
from processors.domain.spikes.detector_state import DetectorState, Episode
from processors.domain.spikes.evidence import Evidence
from processors.domain.spikes.office_series import OfficeSeries
from processors.domain.spikes.office_tests import OfficeTest, TimedTest
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from processors.domain.spikes.statistics import drift_step, volume_allowance
from processors.domain.spikes.target_evidence import target_evidence
from processors.domain.spikes.tick import Series, Tick
from schemas.records.alerts import TargetEvidence
from schemas.records.facts import OfficeCount


class SpikeDetector:
    """Applies tests to the counts of all offices, tick by tick; the first that finds something raises the alert."""

    def __init__(self, policy: SpikePolicy, tests: Sequence[OfficeTest]) -> None:
        self._policy = policy
        self._tests = {test.detector: test for test in tests}
        self._timed = [test for test in tests if isinstance(test, TimedTest)]

    def tick(self, state: DetectorState, series: Series, end: int, active: Sequence[str]) -> None:
        """Change the state by the panes that end at `end`; `active` offices have a count for it."""
        day = end - end % DAY_MS
        if day != state.day:
            self._refit(state, series, day)
        tick = Tick(self._policy, state, series, end)
        for office in active:
            self._update_drift(tick, office)
        for office in active:
            count = series[office].at(end)
            if count is not None and count.dissatisfied:
                if office in state.open:
                    self._update_peak(tick, office)
                else:
                    self._judge(tick, office, self._tests.values())
        for test in self._timed:
            state.wakes.update({(office, test.detector): test.wake_at(tick, office) for office in active})
        self._judge_woken(tick)
        self._clear(tick)
        state.time = max(state.time, end)

    def quiet_ticks(self, state: DetectorState, series: Series, until: int) -> None:
        """Process the instants in (state.time, until) at which time alone clears or raises alerts."""
        while (now := self._next_quiet_tick(state, series, until)) < until:
            tick = Tick(self._policy, state, series, now)
            self._judge_woken(tick)
            self._clear(tick)
            state.time = now

    def _next_quiet_tick(self, state: DetectorState, series: Series, until: int) -> int:
        """When a dissatisfied pane leaves the window of an open alert, or a timed test wakes; at most `until`."""
        now = min((at for at in state.wakes.values() if at > state.time), default=until)
        for office, episode in state.open.items():
            window = episode.peak.window_ms
            count = next(series[office].dissatisfied(state.time - window, until), None)
            if count is not None:
                now = min(now, count.pane_start + PANE_MS + window)
        return min(now, until)

    def _judge_woken(self, tick: Tick) -> None:
        for (office, detector), at in list(tick.state.wakes.items()):
            if at == tick.now:
                self._judge(tick, office, [self._tests[detector]])

    def _refit(self, state: DetectorState, series: Series, day: int) -> None:
        """Fit the baselines of a day to the history before the windows that are tested on that day."""
        policy = self._policy
        until = day - policy.burst_window_ms
        history = {
            office: totals(one, usual_spans(state.episodes(office), until, policy)) for office, one in series.items()
        }
        state.day = day
        common = common_baseline(list(history.values()), policy)
        # Also for an office whose first count comes later in the day: the order of arrival must not matter.
        state.common = office_baseline(common, 0, 0, policy)
        state.baselines = {office: office_baseline(common, n, k, policy) for office, (n, k) in history.items()}
        after = until - policy.history_ms
        state.allowance = {office: self._allowance(one, after, until) for office, one in series.items()}

    def _allowance(self, series: OfficeSeries, after: int, until: int) -> float:
        observed = until - max(after, series.first_end - PANE_MS)
        return volume_allowance(series.totals(after, until)[0], max(0, observed), self._policy)

    def _update_drift(self, tick: Tick, office: str) -> None:
        series, now = tick.series[office], tick.now
        count = series.at(now)
        assert count is not None
        share = max(tick.baseline(office).share, self._policy.least_drift_share)
        runs = []
        for drift, (statistic, since) in zip(self._policy.drifts, tick.drift_runs(office), strict=True):
            low = _new_dissatisfied(series, count, since, now) if count.dissatisfied else 0
            value = drift_step(statistic, count.opinions, low, share, drift.share)
            runs.append((value, since if statistic > 0 else now))
        tick.state.cusum[office] = tuple(runs)

    def _judge(self, tick: Tick, office: str, tests: Iterable[OfficeTest]) -> None:
        """Raise an alert with the first test that finds something, unless one is open."""
        for test in tests:
            if office not in tick.state.open and (seen := test.find(tick, office)) is not None:
                peak = replace(seen, targets=self._targets(tick, office, seen))
                anchor = test.anchor(tick, office)
                tick.state.open[office] = Episode(office, test.detector, anchor, tick.now, peak)

    def _update_peak(self, tick: Tick, office: str) -> None:
        """Keep the most improbable window of an open alert."""
        episode = tick.state.open[office]
        seen = tick.window(office, episode.peak.window_ms)
        if seen.tail < episode.peak.tail:
            adjusted = tick.adjusted_tail(office, seen.window_ms)
            peak = replace(seen, adjusted=adjusted, targets=self._targets(tick, office, seen))
            tick.state.open[office] = replace(episode, peak=peak)

    def _targets(self, tick: Tick, office: str, seen: Evidence) -> tuple[TargetEvidence, ...]:
        """Teams and steps in a window, compared with their own history before it."""
        series, start = tick.series[office], seen.until - seen.window_ms
        spans = usual_spans(tick.state.episodes(office), start, self._policy)
        history = (count for span in spans for count in series.between(*span))
        return target_evidence(list(series.between(start, seen.until)), history, self._policy)

    def _clear(self, tick: Tick) -> None:
        """Clear the open alerts that their tests find over."""
        state, now = tick.state, tick.now
        for office, episode in list(state.open.items()):
            if episode.raised_at != now and self._tests[episode.detector].is_over(tick, episode):
                del state.open[office]
                state.closed.append(replace(episode, cleared_at=now))
                state.cusum[office] = ((0.0, now),) * len(self._policy.drifts)


def _new_dissatisfied(series: OfficeSeries, count: OfficeCount, since: int, end: int) -> int:
    """Dissatisfied opinions of a pane from enterprises that are not in the current run yet."""
    known = {code for one in series.dissatisfied(since - PANE_MS, end - PANE_MS) for code in one.enterprises}
    return min(count.dissatisfied, len(set(count.enterprises) - known))
