"""The stage `spikes`: what it publishes with which batch, and what it knows after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.events import at, batch

from processors.domain.panes import HOUR_MS, PANE_MS
from processors.domain.spikes.evidence import as_coded
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from processors.stages.spikes import SpikeStage, SpikeState
from processors.stages.stage import ReplayedState
from schemas.records.alerts import Alert
from schemas.records.facts import OfficeCount
from schemas.topics import Topic

START = at("2020-04-01 08:00") // PANE_MS * PANE_MS


def new_state() -> SpikeState:
    """An empty view."""
    return SpikeStage(SpikePolicy(), lambda code, _at: code, as_coded).new_state(0)


def calm(days: int, office: str = "03CC") -> list[OfficeCount]:
    """Twelve satisfied opinions a day."""
    panes = [START + day * DAY_MS + n * HOUR_MS // 2 for day in range(days) for n in range(12)]
    return [OfficeCount(office, pane, 1, 1, 0, (), {}, {}, ()) for pane in panes]


def burst(day: int, office: str = "03CC") -> list[OfficeCount]:
    """Eight dissatisfied enterprises in half an hour each."""
    start = START + day * DAY_MS + 7 * HOUR_MS
    return [OfficeCount(office, start + n * HOUR_MS // 2, 1, 1, 1, (f"firm{n}",), {}, {}, (f"c{n}",)) for n in range(8)]


def taken(state: SpikeState, counts: Sequence[OfficeCount], remaining: int = 0) -> list[Any]:
    """The alerts that come of a batch of counts which so many records follow."""
    absorbed = state.absorb(replace(batch(Topic.OFFICE_COUNT, counts), remaining=remaining))
    assert not absorbed.rejects
    return [output.record for output in absorbed.outputs]


def heard(state: SpikeState, alerts: Sequence[Alert]) -> list[Any]:
    """The alerts that come of published ones."""
    return [output.record for output in state.absorb(batch(Topic.ALERT, alerts)).outputs]


def test_alerts_wait_for_counts_that_are_known_to_follow() -> None:
    """Nothing is published before the last batch of a backlog, not even by an alert in between; then all is."""
    state = new_state()
    assert taken(state, [*calm(50), *burst(35)], remaining=1000) == []
    assert heard(state, []) == []
    (alert,) = taken(state, calm(50, "03EE"))
    assert (alert.office, alert.state, alert.dissatisfied) == ("03CC", "CLEARED", 8)
    assert alert.window_end - alert.window_start == DAY_MS
    assert heard(state, [alert]) == []


def test_alerts_wait_for_no_more_than_so_many_counts() -> None:
    """A partition that never seems to end does not hold back alerts for ever."""
    state = new_state()
    assert taken(state, [*calm(900), *burst(35)], remaining=10**6) == []
    assert len(taken(state, calm(900, "03EE"), remaining=10**6)) == 1


def test_time_that_passes_ends_the_waiting() -> None:
    """When the records that should have followed never come, an idle partition publishes what is due."""
    state = new_state()
    assert taken(state, [*calm(40), *burst(35)], remaining=3) == []
    (output,) = state.advance(START + 60 * DAY_MS)
    assert isinstance(output.record, Alert)


def test_after_a_restart_only_what_was_read_counts_as_published() -> None:
    """A view that replays the log publishes what the topic lacks, such as alerts that waited when the worker died."""
    first = new_state()
    (known,) = taken(first, [*calm(40), *burst(35)])
    assert taken(first, burst(37, "03EE"), remaining=2) == []
    second = new_state()
    assert isinstance(second, ReplayedState)
    for one in ([*calm(40), *burst(35)], burst(37, "03EE")):
        second.replay(batch(Topic.OFFICE_COUNT, one))
    second.replay(batch(Topic.ALERT, [known]))
    (missing,) = taken(second, calm(41)[-1:])
    assert missing.office == "03EE"
    assert heard(second, [missing]) == []


def test_an_alert_of_a_worker_that_died_is_retracted_after_a_replay() -> None:
    """An alert that only intermediate counts implied is retracted by the next view, even if no count follows."""
    first, second = new_state(), new_state()
    (early,) = taken(first, [*calm(40), *burst(35)])
    corrected = [replace(one, version=2, dissatisfied=0, enterprises=(), complaint_ids=()) for one in burst(35)]
    second.replay(batch(Topic.OFFICE_COUNT, [*calm(40), *corrected]))
    (last,) = heard(second, [early])
    assert (last.alert_id, last.state) == (early.alert_id, "RETRACTED")


@pytest.mark.parametrize("pane", [2**63 - 1, -(2**63), 10**17])
def test_a_pane_of_an_impossible_time_stops_nothing(pane: int) -> None:
    """A count that no calendar can date is as good as none, and those after it raise their alerts."""
    impossible = [replace(one, pane_start=pane) for one in burst(35)[:1]]
    (alert,) = taken(new_state(), [*impossible, *calm(40), *burst(35)])
    (expected,) = taken(new_state(), [*calm(40), *burst(35)])
    assert replace(alert, version=expected.version) == expected


def test_a_count_of_years_ago_is_costly_and_a_live_one_is_not() -> None:
    """After late counts that had months computed again, the worker lets more gather; not after some days."""
    state = new_state()
    state.absorb(batch(Topic.OFFICE_COUNT, [*calm(400), *burst(399)]))
    for day, costly in ((10, True), (397, False), (399, False)):
        late = replace(calm(day + 1)[-1], pane_start=START + day * DAY_MS + 10 * HOUR_MS)
        assert state.absorb(batch(Topic.OFFICE_COUNT, [late])).costly is costly
