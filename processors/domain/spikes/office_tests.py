"""The tests that raise and clear alerts of one office. A new test is a class here and an entry of `OFFICE_TESTS`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import ClassVar

from processors.domain.panes import PANE_MS
from processors.domain.spikes.chance import burst_alarms, drift_alarms
from processors.domain.spikes.detector_state import Episode
from processors.domain.spikes.evidence import Evidence, distinct_enterprises
from processors.domain.spikes.policy import DAY_MS
from processors.domain.spikes.sentences import sentences
from processors.domain.spikes.tick import Tick
from schemas.records.alerts import Detector

_EVEN = 0.5
"""A window with at least this tail probability is not improbable."""


class OfficeTest(ABC):
    """One test. It holds no state: it judges from the counts and the state of a tick.

    Attributes:
        detector: Its name in alerts.
        phrases: What its alerts report, in Vietnamese and in English; see `sentences`.
    """

    detector: ClassVar[Detector]
    phrases: ClassVar[tuple[str, str]]

    @abstractmethod
    def find(self, tick: Tick, office: str) -> Evidence | None:
        """Evidence to raise an alert with; None: raise nothing.

        Asked for offices without an open alert when a pane with dissatisfied opinions ends.
        """

    def anchor(self, tick: Tick, office: str) -> int:
        """Instant that, with the office, makes the id of the alert. Two tests must never give the same one.

        Here: start of the first dissatisfied pane in the burst window since the last alert.
        """
        cleared = max((one.cleared_at or 0 for one in tick.state.episodes(office)), default=0)
        after = max(tick.now - tick.policy.burst_window_ms, cleared)
        return tick.series[office].dissatisfied(after, tick.now)[0].pane_start

    def is_over(self, tick: Tick, episode: Episode) -> bool:
        """Whether an open alert is cleared now: its window is no longer improbable, and its share came down.

        Asked when a pane of the office ends, when a dissatisfied one leaves the window, and after a long silence.
        """
        policy = tick.policy
        limit = max(policy.clear_probability, min(_EVEN, policy.clear_factor * episode.peak.tail))
        return tick.share_came_down(episode) and tick.window_tail(episode.office, episode.peak.window_ms) > limit

    def chance_alarms(self, tick: Tick, office: str, evidence: Evidence) -> float | None:  # noqa: ARG002
        """How many alarms of this test a month are as strong as this one although nothing changed; None: not known.

        Asked when an alert is raised, and again when a dissatisfied opinion comes while it is open.
        """
        return None

    def summary(self, office_name: str, evidence: Evidence) -> tuple[str, str]:
        """One sentence for a head of office, in Vietnamese and in English."""
        return sentences(office_name, self.phrases, evidence)


class TimedTest(OfficeTest):
    """A test whose alerts may also be raised by the passing of time alone."""

    @abstractmethod
    def wake_at(self, tick: Tick, office: str) -> int:
        """Instant after `tick.now` at which `find` is asked, too.

        Asked when a pane with opinions of the office ends; the answer replaces the one before.
        """


class BurstTest(OfficeTest):
    """A day with improbably many dissatisfied enterprises, after false-discovery control across offices."""

    detector = Detector.BURST
    phrases = ("tăng đột biến", "a burst")

    def find(self, tick: Tick, office: str) -> Evidence | None:
        """Test the burst window."""
        policy = tick.policy
        seen = tick.window(office, policy.burst_window_ms)
        if seen.enterprises < policy.least_dissatisfied or seen.tail > policy.false_discovery_rate:
            return None
        adjusted = tick.adjusted_tail(office, seen.window_ms)
        return replace(seen, adjusted=adjusted) if adjusted <= policy.false_discovery_rate else None

    def chance_alarms(self, tick: Tick, office: str, evidence: Evidence) -> float:
        """By the looks of the office in a month and the tail probability of the window."""
        series, policy = tick.series[office], tick.policy
        first = series.first_start
        after = tick.now - policy.history_ms
        observed = tick.now - max(after, after if first is None else first)
        opinions = series.effective(tick.now - observed, tick.now)[0]
        return burst_alarms(evidence.tail, opinions, observed, tick.baseline(office).share, policy)


class DriftTest(OfficeTest):
    """A run of too many dissatisfied opinions: a CUSUM statistic over its threshold."""

    detector = Detector.DRIFT
    phrases = ("tăng kéo dài", "a sustained rise")

    def find(self, tick: Tick, office: str) -> Evidence | None:
        """Test the strongest drift run; its evidence is the window of the whole run."""
        policy = tick.policy
        _statistic, since, over = tick.strongest_drift(office)
        if over < 0:
            return None
        if distinct_enterprises(tick.series[office].dissatisfied(since - 1, tick.now)) < policy.least_dissatisfied:
            return None
        days = -(-(tick.now - since + PANE_MS) // DAY_MS)
        return tick.window(office, min(max(policy.drift_window_ms, days * DAY_MS), policy.longest_window_ms))

    def chance_alarms(self, tick: Tick, office: str, evidence: Evidence) -> float:  # noqa: ARG002
        """By how far the statistic is over its threshold."""
        _statistic, _since, over = tick.strongest_drift(office)
        return drift_alarms(over, tick.policy)


OFFICE_TESTS: tuple[OfficeTest, ...] = (BurstTest(), DriftTest())
"""All tests. The first one that finds something raises the alert: an office has one open alert."""
