"""How long a case waits for a supplement, and that it goes on by itself."""

from __future__ import annotations

import pytest
from support.case_histories import DAY, START
from support.cases import action, case_context, complaint
from support.events import at

from processors.domain.cases.case_store import CaseStore
from processors.domain.cases.guards import Refusal
from processors.domain.cases.replay import ReplayedCase, replay_case
from schemas.records.cases import ComplaintAction, ComplaintEvent

ASKED = at("2026-09-08 10:00")
GOES_ON = at("2026-09-23 00:00")
"""24:00 of Tuesday 22 September, ten working days later."""


def replayed(now: int, *actions: ComplaintAction) -> ReplayedCase:
    """The case after ASK and further actions."""
    return replay_case(complaint(START), [action("ASK", ASKED), *actions], case_context(), now)


# House rule WAIT_FOR_SUPPLEMENT: ten working days, the day of ASK not counted (Civil Code 2015 Art. 147.3, 148.6).
WAITS = [
    ("no holiday near", "2026-09-08 10:00", "2026-09-23 00:00"),
    ("asked after hours", "2026-09-08 23:59", "2026-09-23 00:00"),
    ("a worked Saturday, days off from 31 August to 2 September", "2026-08-20 10:00", "2026-09-08 00:00"),
    ("Tet from 16 to 20 February", "2026-02-09 10:00", "2026-03-03 00:00"),
]


@pytest.mark.parametrize(("_why", "asked", "goes_on"), WAITS, ids=[row[0] for row in WAITS])
def test_a_wait_ends_by_itself(_why: str, asked: str, goes_on: str) -> None:
    """By hand: at the end of the wait the case is being verified again, and an event says why."""
    opened, ask = complaint(at(asked) - DAY), action("ASK", at(asked))
    before = replay_case(opened, [ask], case_context(), at(goes_on) - 1)
    after = replay_case(opened, [ask], case_context(), at(goes_on))
    assert before.case is not None
    assert after.case is not None
    assert (before.case.state, after.case.state) == ("WAITING", "VERIFYING")
    assert after.case.changed_at == at(goes_on)
    (event,) = [one for one in after.events if one.kind == "NO_REPLY"]
    assert (event.occurred_at, event.rule, event.due_at) == (at(goes_on), "WAIT_FOR_SUPPLEMENT", at(goes_on))
    (asking,) = [one for one in after.events if one.action == "ASK"]
    assert (asking.rule, asking.due_at) == ("WAIT_FOR_SUPPLEMENT", at(goes_on))


@pytest.mark.parametrize("supplied", [None, "2026-09-22 17:00"], ids=["silence", "reply on the last day"])
def test_the_clock_runs_again_from_the_day_after_the_wait(supplied: str | None) -> None:
    """By hand: 8 to 22 September, eleven working days, are left out; fifteen from the 7th end on 13 October."""
    replies = [] if supplied is None else [action("SUPPLY", at(supplied))]
    found = replayed(GOES_ON, *replies).case
    assert found is not None
    (clock,) = [one for one in found.clocks if one.rule == "RESOLVE"]
    assert (clock.extended_by, clock.paused_at, clock.due_at) == (11, None, at("2026-10-14 00:00"))
    assert found.next_due_at == clock.due_at


@pytest.mark.parametrize(("late", "kinds"), [(0, []), (1, ["NO_REPLY"])], ids=["at the end", "later"])
def test_a_reply_at_the_very_end_is_in_time_and_a_later_one_is_taken(late: int, kinds: list[str]) -> None:
    """24:00 of the last day is in time; afterwards the case goes on, and the supplement still counts as one."""
    found = replayed(GOES_ON + DAY, action("SUPPLY", GOES_ON + late))
    assert found.case is not None
    assert (found.case.state, found.case.refused_actions) == ("VERIFYING", 0)
    assert [one.kind for one in found.events if one.kind == "NO_REPLY"] == kinds


def test_nobody_supplies_what_was_not_asked_for() -> None:
    """Without a request there is nothing to supply, also while the case is verified."""
    done = [action("VERIFY", ASKED), action("SUPPLY", ASKED + 1)]
    assert replay_case(complaint(START), done, case_context(), GOES_ON).events[-1].refusal == Refusal.NOT_ASKED


def test_a_case_goes_on_once_through_restarts() -> None:
    """Whatever of the events a new worker has heard, it says the rest and nothing twice."""
    now = GOES_ON + 30 * DAY
    expected = [one.event_id for one in replayed(now).events]
    assert len(set(expected)) == len(expected)
    for known in range(2, len(expected) + 1):
        store = CaseStore(case_context())
        store.add_complaint(complaint(START))
        store.add_action(action("ASK", ASKED))
        list(store.changes())  # what a rebuild would say is discarded: it is in the topic
        store.observe_published(replayed(now).events[:known])
        said: list[object] = []
        while not store.advance(now):
            said += store.changes()
        said += store.changes()
        assert [one.event_id for one in said if isinstance(one, ComplaintEvent)] == expected[known:]
