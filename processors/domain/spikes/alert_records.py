"""Writes the episodes of the detector as records, each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from processors.domain.spikes.baseline_spans import usual_spans
from processors.domain.spikes.chance import months_between
from processors.domain.spikes.detector_state import DetectorState, Episode
from processors.domain.spikes.evidence import OfficeName, ThingName, explained
from processors.domain.spikes.office_tests import OfficeTest
from processors.domain.spikes.policy import SpikePolicy
from processors.domain.spikes.tick import Series
from schemas.ids import alert_id
from schemas.records.alerts import Alert, AlertState, Detector


class AlertRecords:
    """The records of all episodes. Their version is 0: `alert_store` gives it when it publishes them."""

    def __init__(
        self, policy: SpikePolicy, office_name: OfficeName, thing_name: ThingName, tests: Mapping[Detector, OfficeTest]
    ) -> None:
        self._policy = policy
        self._office_name = office_name
        self._thing_name = thing_name
        self._tests = tests
        self._written: dict[int, tuple[Episode, Alert]] = {}

    def current(self, state: DetectorState, series: Series) -> Mapping[str, Alert]:
        """The alerts of a state by id; the same object again for an episode that is the same object again.

        An episode is made anew whenever a count up to the end of its window changes, so its record stays right.
        """
        offices = {*state.closed, *state.open}
        written: dict[int, tuple[Episode, Alert]] = {}
        for office in sorted(offices):
            for place, episode in enumerate(state.episodes(office), 1):
                known = self._written.get(id(episode))  # it is held here, so no other object has its number
                if known is None:
                    known = episode, self._alert(state, place, episode, series)
                written[id(episode)] = known
        self._written = written
        return {alert.alert_id: alert for _episode, alert in written.values()}

    def _alert(self, state: DetectorState, place: int, episode: Episode, series: Series) -> Alert:
        office, policy = episode.office, self._policy
        usual = usual_spans(state.episodes(office)[:place], episode.peak.start, policy)
        at, alarms = episode.raised_at, episode.chance_alarms
        peak = explained(episode.peak, series[office], usual, policy, lambda thing: self._thing_name(office, thing, at))
        peak = replace(peak, chance_months=None if alarms is None else months_between(alarms))
        summary_vi, summary_en = self._tests[episode.detector].summary(self._office_name(office, at), peak)
        last_day = peak.last_day
        return Alert(
            alert_id=alert_id(office, episode.anchor),
            version=0,
            office=office,
            state=AlertState.OPEN if episode.cleared_at is None else AlertState.CLEARED,
            detector=episode.detector,
            raised_at=episode.raised_at,
            updated_at=peak.until if episode.cleared_at is None else episode.cleared_at,
            cleared_at=episode.cleared_at,
            window_start=peak.start,
            window_end=peak.until,
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
            day_opinions=None if last_day is None else last_day.opinions,
            day_dissatisfied=None if last_day is None else last_day.dissatisfied,
            day_enterprises=None if last_day is None else last_day.enterprises,
            chance_months=peak.chance_months,
            effective_opinions=peak.effective_opinions,
        )
