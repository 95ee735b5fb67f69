"""A third test is a class and a list entry, also one that raises by the passing of time alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from support.events import at

from processors.domain.panes import PANE_MS
from processors.domain.spikes.alert_store import AlertStore
from processors.domain.spikes.detector_state import Episode
from processors.domain.spikes.evidence import Evidence
from processors.domain.spikes.office_tests import OFFICE_TESTS, TimedTest
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from processors.domain.spikes.tick import Tick
from schemas.records.alerts import Alert, Detector
from schemas.records.facts import OfficeCount

START = at("2020-04-01 08:00") // PANE_MS * PANE_MS
SILENT_MS = 14 * DAY_MS
USUAL_MS = 28 * DAY_MS
LEAST_A_WEEK = 10


class SilenceTest(TimedTest):
    """An office that had ten opinions a week over four weeks has none for two weeks."""

    detector = Detector.OTHER  # a symbol of its own in the product

    def wake_at(self, tick: Tick, office: str) -> int:
        """Two weeks after the last opinion."""
        return tick.now + SILENT_MS

    def find(self, tick: Tick, office: str) -> Evidence | None:
        """No opinion in two weeks, and enough in the four weeks before."""
        counts, begin = tick.series[office], tick.now - SILENT_MS
        usual, _low = counts.totals(begin - USUAL_MS, begin)
        if counts.totals(begin, tick.now)[0] or usual * 7 * DAY_MS < LEAST_A_WEEK * USUAL_MS:
            return None
        probability = math.exp(-usual * SILENT_MS / USUAL_MS)
        return replace(tick.window(office, SILENT_MS), tail=probability, adjusted=probability)

    def anchor(self, tick: Tick, office: str) -> int:
        """Begin of the silence. No dissatisfied pane starts then, so no other test has this anchor."""
        return tick.now - SILENT_MS

    def is_over(self, tick: Tick, episode: Episode) -> bool:
        """An opinion came."""
        return tick.series[episode.office].totals(episode.raised_at, tick.now)[0] > 0

    def summary(self, office_name: str, evidence: Evidence) -> tuple[str, str]:
        """Sentences of its own: the usual ones are about dissatisfaction."""
        days = evidence.window_ms // DAY_MS
        return f"{office_name}: không có phiếu nào trong {days} ngày.", f"{office_name}: no opinion in {days} days."


def opinions(office: str, days: Iterable[int]) -> list[OfficeCount]:
    """Two satisfied opinions a day."""
    return [OfficeCount(office, START + day * DAY_MS, 1, 2, 0, (), {}, {}, ()) for day in days]


def published(counts: list[OfficeCount], size: int, until: int) -> dict[str, Alert]:
    """The last version of each alert, with counts in batches of some size."""
    store, last = AlertStore(SpikePolicy(), lambda code, _at: code, (*OFFICE_TESTS, SilenceTest())), dict[str, Alert]()
    for place in range(0, len(counts), size):
        store.add_counts(counts[place : place + size])
        last.update({alert.alert_id: alert for alert in store.changes()})
    store.advance(until)
    last.update({alert.alert_id: alert for alert in store.changes()})
    return last


def test_an_office_that_falls_silent_raises_an_alert_two_weeks_later() -> None:
    """The test is asked at the instant it names: between counts of other offices, at one, and with no later count."""
    for others in (range(60), range(30), range(0)):
        counts = sorted(opinions("03CC", range(30)) + opinions("03CE", others), key=lambda one: one.pane_start)
        (alert, *_) = published(counts, 1000, START + 60 * DAY_MS).values()
        assert (alert.office, alert.detector, alert.state, alert.opinions) == ("03CC", "OTHER", "OPEN", 0)
        assert alert.summary_en == "03CC: no opinion in 14 days."
        assert alert.raised_at == START + 29 * DAY_MS + PANE_MS + SILENT_MS


def test_the_alert_clears_with_the_next_opinion_in_any_cut() -> None:
    """One opinion ends the silence, and counts one by one give the same alert as all at once."""
    counts = opinions("03CC", (*range(30), *range(50, 60)))
    (alert,) = published(counts, 1000, START + 60 * DAY_MS).values()
    assert (alert.state, alert.cleared_at) == ("CLEARED", START + 50 * DAY_MS + PANE_MS)
    (one_by_one,) = published(counts, 1, START + 60 * DAY_MS).values()
    assert replace(one_by_one, version=alert.version) == alert


def test_a_quiet_office_is_not_silent() -> None:
    """An office with few opinions a week may have none for two weeks."""
    assert published(opinions("03CC", range(0, 60, 7)), 1000, START + 120 * DAY_MS) == {}
