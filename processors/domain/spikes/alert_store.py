"""The view of the spike detector: counts of all offices, checkpoints of its state, and the alerts last published.

Nothing is forgotten: the topic keeps the newest count of every office and pane, so a count of any age may come, and its
alerts must be what they would have been had it come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from processors.domain.panes import PANE_MS
from processors.domain.spikes.alert_records import AlertRecords
from processors.domain.spikes.checkpoints import Checkpoints
from processors.domain.spikes.detector import SpikeDetector
from processors.domain.spikes.detector_state import BEFORE_ALL, DetectorState
from processors.domain.spikes.evidence import OfficeName, ThingName, as_coded
from processors.domain.spikes.office_series import OfficeSeries
from processors.domain.spikes.office_tests import OFFICE_TESTS, OfficeTest
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from schemas.records.alerts import Alert, AlertState
from schemas.records.facts import OfficeCount

_RANK = {AlertState.OPEN: 0, AlertState.CLEARED: 1, AlertState.RETRACTED: 2}
_LEAST_WAITING = 20_000
"""Counts that may wait for those that follow, however few are held."""

_FAR_MS = 60 * DAY_MS


class AlertStore:
    """All counts and alerts."""

    def __init__(
        self,
        policy: SpikePolicy,
        office_name: OfficeName,
        tests: Sequence[OfficeTest] = OFFICE_TESTS,
        *,
        thing_name: ThingName = as_coded,
    ) -> None:
        self._policy = policy
        self._detector = SpikeDetector(policy, tests)
        self._records = AlertRecords(policy, office_name, thing_name, {test.detector: test for test in tests})
        self._series: dict[str, OfficeSeries] = {}
        self._state = DetectorState()
        self._checkpoints = Checkpoints()
        self._changed_from: int | None = None  # end of the earliest pane that the state does not know as it is now
        self._held = 0
        self._waiting = 0
        self._most_waiting = _LEAST_WAITING
        self._versions = 0
        self._now = BEFORE_ALL
        self.went_far_back = False
        """Whether late counts had months computed again when the alerts were last brought up to date."""
        self._published: dict[str, Alert] = {}
        self._agreed: dict[str, Alert] = {}  # the current record, where the published one says the same

    def add_counts(self, counts: Iterable[OfficeCount]) -> None:
        """Add counts; known ones change nothing. `changes` brings the alerts up to date."""
        for count in counts:
            series = self._series.get(count.office) or self._new_office(count.office)
            grown, visible = series.add(count, left_out=self._in_outage(count))
            self._held += grown == count.version  # then it is the first of its pane
            self._waiting += 1
            self._versions += grown
            if visible:
                end = count.pane_start + PANE_MS
                self._changed_from = end if self._changed_from is None else min(self._changed_from, end)

    @property
    def may_wait(self) -> bool:
        """Whether the alerts may wait for counts that are known to follow.

        A late count has the alerts after it computed again. If those of a history in random order did not wait for each
        other, its cost would grow with the square of its length. They wait for at most as many as were known before.
        """
        return self._waiting < self._most_waiting

    def _new_office(self, office: str) -> OfficeSeries:
        series = self._series[office] = OfficeSeries(self._policy.enterprise_most)
        self._series = dict(sorted(self._series.items()))  # as `Series` demands
        return series

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
                self._agreed.pop(alert.alert_id, None)

    def advance(self, now: int) -> None:
        """Advance stream time to `now`: windows empty and alerts clear."""
        self._now = max(self._now, now)

    def _bring_up_to_date(self) -> None:
        """Take in what changed and what time brings; what came late from an earlier state on."""
        self.went_far_back = False
        if self._changed_from is not None and self._changed_from <= self._state.time:
            self.went_far_back = self._changed_from < self._state.time - _FAR_MS
            self._state = self._checkpoints.state_before(self._changed_from)
        self._changed_from, self._waiting, self._most_waiting = None, 0, max(_LEAST_WAITING, self._held)
        until = max([self._now, *(end for one in self._series.values() if (end := one.last_end) is not None)])
        self._detector.run(self._state, self._series, until, self._checkpoints)

    def changes(self) -> Sequence[Alert]:
        """Alerts that differ from those last published, retractions included."""
        self._bring_up_to_date()
        current = self._records.current(self._state, self._series)
        found = [self._next(alert) for one, alert in current.items() if self._agreed.get(one) is not alert]
        for one, published in self._published.items():
            if one not in current and published.state != AlertState.RETRACTED:
                found.append(self._next(replace(published, state=AlertState.RETRACTED)))
        changed = [alert for alert in found if alert is not None]
        self._published.update({alert.alert_id: alert for alert in changed})
        return changed

    def _next(self, alert: Alert) -> Alert | None:
        """The next version of an alert; None if it was published, or must wait for a higher version."""
        known = self._published.get(alert.alert_id)
        version = self._versions * 4 + _RANK[AlertState(alert.state)]
        if known is not None:
            if replace(known, version=alert.version) == alert:
                self._agreed[alert.alert_id] = alert
                return None
            if version <= known.version:
                return None
        self._agreed[alert.alert_id] = alert
        return replace(alert, version=version)
