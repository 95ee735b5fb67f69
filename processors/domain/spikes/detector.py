"""The spike detector as a state machine over time: the next state follows from the last one and the counts.

So the alerts are a function of the set of counts. When a count comes late, `alert_store` goes back to an earlier state
and runs again from there.

Few instants can change anything: the end of a pane with dissatisfied opinions, for an office with an open alert the end
of any of its panes and the moment when a dissatisfied pane leaves its window, and the instants that timed tests name.
All other panes are only added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from processors.domain.spikes.baseline import common_baseline, office_baseline
from processors.domain.spikes.baseline_spans import effective_totals, usual_spans
from processors.domain.spikes.checkpoints import Checkpoints
from processors.domain.spikes.detector_state import DetectorState, DriftRuns, Episode
from processors.domain.spikes.drift_runs import after_pane, after_satisfied
from processors.domain.spikes.easing import Easing, eased
from processors.domain.spikes.office_series import OfficeSeries
from processors.domain.spikes.office_tests import OfficeTest, TimedTest
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from processors.domain.spikes.statistics import volume_allowance
from processors.domain.spikes.tick import Series, Tick

Panes = Mapping[int, Sequence[str]]
"""Offices that have a pane to look at, by its end."""


class SpikeDetector:
    """Applies tests to the counts of all offices; the first that finds something raises the alert."""

    def __init__(self, policy: SpikePolicy, tests: Sequence[OfficeTest]) -> None:
        self._policy = policy
        self._tests = {test.detector: test for test in tests}
        self._timed = [test for test in tests if isinstance(test, TimedTest)]

    def run(self, state: DetectorState, series: Series, until: int, checkpoints: Checkpoints) -> None:
        """Take in everything after the state's time, up to `until`: no pane ends later."""
        days = sorted({day for one in series.values() for day in one.days(state.time)})
        for day in days:
            self._pass(state, series, {}, day - 1)
            if state.day != day:
                self._begin_day(state, series, day)
                checkpoints.add_day(state)
            last = min(day + DAY_MS - 1, until)
            panes = self._panes(series, state.time, last)
            self._pass(state, series, panes, last, checkpoints if day == days[-1] else None)
        self._pass(state, series, {}, until)

    def _panes(self, series: Series, after: int, until: int) -> Panes:
        """The panes of an interval that must be looked at; with timed tests all of them, which are asked after each."""
        found: dict[int, list[str]] = {}
        for office, one in series.items():
            low = one.dissatisfied(after, until)
            for end in one.ends(after, until) if self._timed else (pane.end for pane in low):
                found.setdefault(end, []).append(office)
        return found

    def _pass(
        self, state: DetectorState, series: Series, panes: Panes, until: int, keep: Checkpoints | None = None
    ) -> None:
        """Process the instants in (state.time, until]."""
        ends = sorted(panes, reverse=True)
        while (now := min(self._next_due(state, series, until), ends[-1] if ends else until + 1)) <= until:
            if ends and ends[-1] == now:
                ends.pop()
            if state.day != (day := now - now % DAY_MS):
                self._begin_day(state, series, day)
            if keep is not None:
                keep.add_instant(state)
            self._process(Tick(self._policy, state, series, now), panes.get(now, ()))
            state.time = now

    def _next_due(self, state: DetectorState, series: Series, until: int) -> int:
        """The next instant that an open alert or a timed test waits for; after `until` if there is none."""
        due = [until + 1, *(at for at in state.wakes.values() if at > state.time)]
        for office, episode in state.open.items():
            own, window = series[office].next_end(state.time), episode.peak.window_ms
            leaving = series[office].next_dissatisfied_end(state.time - window)
            silent = (series[office].last_end_by(state.time) or state.time) + self._policy.silence_ms
            due += [] if own is None else [own]
            due += [] if silent <= state.time else [silent]
            due += [] if leaving is None else [leaving + window]
        return min(due)

    def _process(self, tick: Tick, offices: Sequence[str]) -> None:
        """Change the state by the panes that end now, and by the passing of time."""
        state = tick.state
        low = [office for office in offices if self._update_drift(tick, office)]
        for office in low:
            if office in state.open:
                self._update_peak(tick, office)
            else:
                self._judge(tick, office, self._tests.values())
        for test in self._timed:
            state.wakes.update({(office, test.detector): test.wake_at(tick, office) for office in offices})
        for (office, detector), at in list(state.wakes.items()):
            if at == tick.now:
                self._judge(tick, office, [self._tests[detector]])
        self._clear(tick)

    def _begin_day(self, state: DetectorState, series: Series, day: int) -> None:
        """Take in what came before a day, then fit its baselines to the history before the windows tested on it."""
        policy, tick = self._policy, Tick(self._policy, state, series, day - 1)
        for office, known in state.drift.items():
            state.drift[office] = after_satisfied(known, series[office], tick.baseline(office), tick.now, policy)
        until = day - policy.burst_window_ms
        history = {
            office: effective_totals(one, usual_spans(state.episodes(office), until, policy))
            for office, one in series.items()
            if one.began(until)
        }
        state.time, state.day = tick.now, day
        common = common_baseline(list(history.values()), policy)
        # Also for an office whose first count comes later in the day: the order of arrival must not matter.
        state.common = office_baseline(common, 0, 0, policy)
        state.baselines = {office: office_baseline(common, n, k, policy) for office, (n, k) in history.items()}
        after = until - policy.history_ms
        state.allowance = {office: self._allowance(series[office], after, until) for office in history}

    def _allowance(self, series: OfficeSeries, after: int, until: int) -> float:
        first = series.first_start
        observed = until - (after if first is None else max(after, first))
        return volume_allowance(series.effective(after, until)[0], max(0, observed), self._policy)

    def _update_drift(self, tick: Tick, office: str) -> bool:
        """Take in the pane of an office that ends now; whether it holds a dissatisfied opinion."""
        series, now = tick.series[office], tick.now
        if not series.dissatisfied(now - 1, now):
            return False
        baseline, policy = tick.baseline(office), self._policy
        known = tick.state.drift.get(office) or self._no_drift(now)
        before = after_satisfied(known, series, baseline, now - 1, policy)
        tick.state.drift[office] = after_pane(before, series, baseline, now, policy)
        return True

    def _no_drift(self, now: int) -> DriftRuns:
        return DriftRuns(now, ((0.0, now),) * len(self._policy.drifts))

    def _judge(self, tick: Tick, office: str, tests: Iterable[OfficeTest]) -> None:
        """Raise an alert with the first test that finds something, unless one is open."""
        for test in tests:
            if office not in tick.state.open and (seen := test.find(tick, office)) is not None:
                anchor = test.anchor(tick, office)
                alarms = test.chance_alarms(tick, office, seen)
                tick.state.open[office] = Episode(office, test.detector, anchor, tick.now, seen, chance_alarms=alarms)
                tick.state.easing[office] = Easing(tick.now, 0.0)

    def _update_peak(self, tick: Tick, office: str) -> None:
        """Keep the most improbable window of an open alert, and how rare it was at its strongest."""
        episode = tick.state.open[office]
        seen = tick.window(office, episode.peak.window_ms)
        if seen.tail < episode.peak.tail:
            peak = replace(seen, adjusted=tick.adjusted_tail(office, seen.window_ms))
            tick.state.open[office] = episode = replace(episode, peak=peak)
        alarms = self._tests[episode.detector].chance_alarms(tick, office, seen)
        if alarms is not None and (episode.chance_alarms is None or alarms < episode.chance_alarms):
            tick.state.open[office] = replace(episode, chance_alarms=alarms)

    def _clear(self, tick: Tick) -> None:
        """Clear the open alerts that their tests find over."""
        state, now = tick.state, tick.now
        for office, episode in list(state.open.items()):
            if episode.raised_at == now:
                continue
            known, series = state.easing[office], tick.series[office]
            state.easing[office] = eased(known, series, tick.baseline(office), now, self._policy)
            if self._tests[episode.detector].is_over(tick, episode):
                del state.open[office], state.easing[office]
                state.closed[office] = (*state.closed.get(office, ()), replace(episode, cleared_at=now))
                state.drift[office] = self._no_drift(now)
