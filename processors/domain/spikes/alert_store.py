"""The detector's view: counts of all offices, the fold over them with its checkpoints, and the alerts last said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from processors.domain.panes import PANE_MS
from processors.domain.spikes.detector import Fold
from processors.domain.spikes.detector_state import Episode, FoldState
from processors.domain.spikes.evidence import OfficeName, sentences
from processors.domain.spikes.office_series import OfficeSeries
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from schemas.ids import alert_id
from schemas.records import Alert, AlertState, OfficeCount

_RANK = {AlertState.OPEN: 0, AlertState.CLEARED: 1, AlertState.RETRACTED: 2}


class SpikeBook:
    """All counts and alerts."""

    def __init__(self, policy: SpikePolicy, office_name: OfficeName) -> None:
        self._policy = policy
        self._office_name = office_name
        self._fold = Fold(policy)
        self._series: dict[str, OfficeSeries] = {}
        self._state = FoldState()
        self._checkpoints: list[FoldState] = [FoldState()]
        self._today = 1  # place of the first checkpoint that is dropped once its day is past
        self._versions = 0
        self._now = 0
        self._newest = 0
        self._said: dict[str, Alert] = {}

    def add(self, counts: Iterable[OfficeCount]) -> None:
        """Remember counts and bring the fold up to date; those known already change nothing."""
        earliest: int | None = None
        day_passed = False
        for count in counts:
            if count.pane_start < self._newest - self._policy.horizon_ms or self._silenced(count):
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

    def _silenced(self, count: OfficeCount) -> bool:
        """Whether it falls into a declared outage: then neither good nor bad opinions say what an office is like."""
        return any(outage.covers(count.office, count.pane_start) for outage in self._policy.outages)

    def observe_published(self, alerts: Iterable[Alert]) -> None:
        """Remember what was said, by whomever: a worker that died, or one that does not know yet that it lost its turn.

        Such a worker may have cut the log elsewhere and said what nobody would say now. Since it is remembered, it is
        corrected or retracted like our own words, as soon as there are counts that outdo it.
        """
        for alert in alerts:
            said = self._said.get(alert.alert_id)
            if said is None or alert.version > said.version:
                self._said[alert.alert_id] = alert

    def advance(self, now: int) -> None:
        """Let stream time reach `now`: windows empty, alerts clear, old counts are forgotten."""
        if now > self._now:
            self._now = now
            self._run()

    def _expire(self) -> None:
        """Forget what is beyond the horizon, measured from the newest count: a replay is not beyond its own horizon."""
        before = self._newest - self._policy.horizon_ms
        for series in self._series.values():
            series.expire(before)
        while len(self._checkpoints) > 1 and self._checkpoints[1].time < before:
            self._checkpoints.pop(0)
            self._today = max(self._today - 1, 1)

    def _rewind(self, end: int) -> None:
        """Go back to the newest checkpoint before a pane that changed."""
        if self._state.time < end:
            return
        while len(self._checkpoints) > 1 and self._checkpoints[-1].time >= end:
            self._checkpoints.pop()
        self._today = min(self._today, len(self._checkpoints))
        self._state = self._checkpoints[-1].copy()

    def _run(self) -> None:
        """Take every tick after the fold's time: panes with counts, and instants at which windows empty."""
        state, fold, series = self._state, self._fold, self._series
        active: dict[int, list[str]] = {}
        for office, one in series.items():
            for end in one.ends(state.time):
                active.setdefault(end, []).append(office)
        for end in sorted(active):
            self._quiet(end)
            self._checkpoint(end)
            fold.tick(state, series, end, active[end])
        if self._now > state.time:
            self._quiet(self._now)

    def _checkpoint(self, end: int) -> None:
        """Keep the state before a tick; of days that are past only the one before their first tick.

        Live counts come for the newest panes, so one for each tick of today spares them the day so far.
        """
        day_passed = end // DAY_MS != self._state.time // DAY_MS
        if day_passed:
            del self._checkpoints[self._today :]
        if self._checkpoints[-1].time != self._state.time:  # else it was just gone back to
            self._checkpoints.append(self._state.copy())
        if day_passed:
            self._today = len(self._checkpoints)

    def _quiet(self, until: int) -> None:
        while ticks := self._fold.quiet_ticks(self._state, self._series, until):
            self._fold.clear(self._state, self._series, ticks[0])
            self._state.time = ticks[0]

    def changes(self) -> Sequence[Alert]:
        """Alerts that differ from what was last said, retractions included."""
        present = {}
        for episode in [*self._state.closed, *self._state.open.values()]:
            alert = self._alert(episode)
            present[alert.alert_id] = alert
        for one, said in self._said.items():
            if one not in present:
                retracted = AlertState.RETRACTED
                present[one] = replace(said, state=retracted, version=self._version(retracted))
        changed = [alert for one, alert in present.items() if _outdoes(alert, self._said.get(one))]
        self._said.update({alert.alert_id: alert for alert in changed})
        return changed

    def _version(self, state: AlertState) -> int:
        return self._versions * 4 + _RANK[state]

    def _alert(self, episode: Episode) -> Alert:
        peak = episode.peak
        state = AlertState.OPEN if episode.cleared_at is None else AlertState.CLEARED
        name = self._office_name(episode.office, episode.raised_at)
        summary_vi, summary_en = sentences(name, episode.detector, peak)
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


def _outdoes(now: Alert, said: Alert | None) -> bool:
    """Whether an alert reads differently from what was said, and would be believed rather than it."""
    return said is None or (now.version > said.version and replace(said, version=now.version) != now)
