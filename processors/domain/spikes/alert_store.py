"""The view of the spike detector: counts of all offices, checkpoints of its state, and the alerts last published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from processors.domain.panes import PANE_MS
from processors.domain.spikes.detector import SpikeDetector
from processors.domain.spikes.detector_state import DetectorState, Episode
from processors.domain.spikes.evidence import OfficeName
from processors.domain.spikes.office_series import OfficeSeries
from processors.domain.spikes.office_tests import OFFICE_TESTS, OfficeTest
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from schemas.ids import alert_id
from schemas.records.alerts import Alert, AlertState
from schemas.records.facts import OfficeCount

_RANK = {AlertState.OPEN: 0, AlertState.CLEARED: 1, AlertState.RETRACTED: 2}


class AlertStore:
    """All counts and alerts."""

    def __init__(
        self, policy: SpikePolicy, office_name: OfficeName, tests: Sequence[OfficeTest] = OFFICE_TESTS
    ) -> None:
        self._policy = policy
        self._office_name = office_name
        self._tests = {test.detector: test for test in tests}
        self._detector = SpikeDetector(policy, tests)
        self._series: dict[str, OfficeSeries] = {}
        self._state = DetectorState()
        self._checkpoints: list[DetectorState] = [DetectorState()]
        self._today = 1  # index of the first checkpoint that is dropped when its day has passed
        self._versions = 0
        self._now = 0
        self._newest = 0
        self._published: dict[str, Alert] = {}

    def add_counts(self, counts: Iterable[OfficeCount]) -> None:
        """Add counts and bring the alerts up to date; known counts change nothing."""
        earliest: int | None = None
        day_passed = False
        for count in counts:
            if count.pane_start < self._newest - self._policy.horizon_ms or self._in_outage(count):
                continue
            grown = self._series.setdefault(count.office, OfficeSeries()).add(count)
            if grown:
                self._versions += grown
                end = count.pane_start + PANE_MS
                day_passed = day_passed or end // DAY_MS > self._newest // DAY_MS
                self._newest = max(self._newest, end)
                earliest = end if earliest is None else min(earliest, end)
        if earliest is not None:
            self._rewind(earliest)
            self._run()
        if day_passed:
            self._expire()

    def _in_outage(self, count: OfficeCount) -> bool:
        """Whether a count falls into a declared outage, when opinions say nothing about the office."""
        return any(outage.covers(count.office, count.pane_start) for outage in self._policy.outages)

    def observe_published(self, alerts: Iterable[Alert]) -> None:
        """Remember alerts that any worker published, such as one that died or has not noticed a rebalance yet.

        That worker may have read the log in other batches and raised alerts that are not raised now. They are corrected
        or retracted like our own, as soon as newer counts give a higher version.
        """
        for alert in alerts:
            known = self._published.get(alert.alert_id)
            if known is None or alert.version > known.version:
                self._published[alert.alert_id] = alert

    def advance(self, now: int) -> None:
        """Advance stream time to `now`: windows empty and alerts clear."""
        if now > self._now:
            self._now = now
            self._run()

    def _expire(self) -> None:
        """Forget counts beyond the horizon, measured from the newest count: a replay forgets like live running."""
        before = self._newest - self._policy.horizon_ms
        for series in self._series.values():
            series.expire(before)
        while len(self._checkpoints) > 1 and self._checkpoints[1].time < before:
            self._checkpoints.pop(0)
            self._today = max(self._today - 1, 1)

    def _rewind(self, end: int) -> None:
        """Return to the newest checkpoint before a pane that changed."""
        if self._state.time < end:
            return
        while len(self._checkpoints) > 1 and self._checkpoints[-1].time >= end:
            self._checkpoints.pop()
        self._today = min(self._today, len(self._checkpoints))
        self._state = self._checkpoints[-1].copy()

    def _run(self) -> None:
        """Process every tick after the state's time: panes with counts, and instants between them."""
        state, detector, series = self._state, self._detector, self._series
        active: dict[int, list[str]] = {}
        for office, one in series.items():
            for end in one.ends(state.time):
                active.setdefault(end, []).append(office)
        for end in sorted(active):
            detector.quiet_ticks(state, series, end)
            self._checkpoint(end)
            detector.tick(state, series, end, active[end])
        if self._now > state.time:
            detector.quiet_ticks(state, series, self._now)

    def _checkpoint(self, end: int) -> None:
        """Keep a copy of the state before a tick; for past days only the one before the first tick.

        Live counts come for the newest panes. A checkpoint for each tick of today saves repeating the day so far.
        """
        day_passed = end // DAY_MS != self._state.time // DAY_MS
        if day_passed:
            del self._checkpoints[self._today :]
        if self._checkpoints[-1].time != self._state.time:  # else the state was just restored from it
            self._checkpoints.append(self._state.copy())
        if day_passed:
            self._today = len(self._checkpoints)

    def changes(self) -> Sequence[Alert]:
        """Alerts that differ from those last published, retractions included."""
        current = {}
        for episode in [*self._state.closed, *self._state.open.values()]:
            alert = self._alert(episode)
            current[alert.alert_id] = alert
        retracted = AlertState.RETRACTED
        for one, published in self._published.items():
            if one not in current:
                current[one] = replace(published, state=retracted, version=self._version(retracted))
        changed = [alert for one, alert in current.items() if _supersedes(alert, self._published.get(one))]
        self._published.update({alert.alert_id: alert for alert in changed})
        return changed

    def _version(self, state: AlertState) -> int:
        return self._versions * 4 + _RANK[state]

    def _alert(self, episode: Episode) -> Alert:
        peak = episode.peak
        state = AlertState.OPEN if episode.cleared_at is None else AlertState.CLEARED
        name = self._office_name(episode.office, episode.raised_at)
        summary_vi, summary_en = self._tests[episode.detector].summary(name, peak)
        return Alert(
            alert_id=alert_id(episode.office, episode.anchor),
            version=self._version(state),
            office=episode.office,
            state=state,
            detector=episode.detector,
            raised_at=episode.raised_at,
            updated_at=peak.until if episode.cleared_at is None else episode.cleared_at,
            cleared_at=episode.cleared_at,
            window_seconds=peak.window_ms // 1000,
            opinions=peak.opinions,
            dissatisfied=peak.dissatisfied,
            enterprises=peak.enterprises,
            baseline=peak.baseline.share,
            baseline_strength=peak.baseline.strength,
            expected=peak.opinions * peak.baseline.share,
            tail_probability=peak.tail,
            adjusted_probability=peak.adjusted,
            cusum=peak.cusum,
            drivers=peak.drivers,
            targets=peak.targets,
            complaint_ids=peak.complaint_ids,
            summary_vi=summary_vi,
            summary_en=summary_en,
        )


def _supersedes(now: Alert, known: Alert | None) -> bool:
    """Whether an alert differs from the published one and has a higher version."""
    return known is None or (now.version > known.version and replace(known, version=now.version) != now)
