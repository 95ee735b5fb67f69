"""What time alone brings, and that the order of arrival does not matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.case_histories import DAY, MINUTE, START, histories
from support.cases import COMPLAINT, action, bare_complaint, case_context, complaint
from support.events import at

from processors.domain.cases.case_store import MOST_ACTIONS, CaseStore
from processors.domain.cases.replay import RULES_EDITION, replay_case
from schemas.records.cases import ComplaintAction, ComplaintCase, ComplaintEvent


def times_of(events: list[ComplaintEvent], kind: str) -> list[tuple[str | None, int]]:
    """Rule and time of the events of a kind."""
    return [(one.rule, one.occurred_at) for one in events if one.kind == kind]


def test_reminders_come_before_and_overdue_at_the_end_to_the_minute() -> None:
    """Opened on Monday 7 September: taken up by the 14th, resolved by the 28th, reminded three days and one before."""
    found = replay_case(complaint(START), (), case_context(), at("2026-12-01 00:00"))
    events = list(found.events)
    assert times_of(events, "REMINDER")[:4] == [
        ("FIRST_LOOK", at("2026-09-09 07:30")),
        ("FIRST_LOOK", at("2026-09-11 07:30")),
        ("RESOLVE", at("2026-09-23 07:30")),
        ("RESOLVE", at("2026-09-25 07:30")),
    ]
    assert times_of(events, "OVERDUE") == [
        ("FIRST_LOOK", at("2026-09-15 00:00")),
        ("RESOLVE", at("2026-09-29 00:00")),
    ]
    assert found.case is not None
    assert (found.case.level, found.case.unit, found.case.overdue) == (1, "KV03", 2)


def test_an_action_at_the_very_end_is_in_time() -> None:
    """24:00 is in time; a millisecond more is late."""
    due = at("2026-09-15 00:00")
    for late, overdue in ((0, 0), (1, 1)):
        found = replay_case(complaint(START), [action("ACKNOWLEDGE", due + late)], case_context(), due + late)
        assert found.case is not None
        assert found.case.overdue == overdue


def test_an_answered_case_closes_by_itself() -> None:
    """Fifteen working days after the answer."""
    done = [action(name, START + n * MINUTE) for n, name in enumerate(("VERIFY", "RESOLVE", "ANSWER"), 1)]
    found = replay_case(complaint(START), done, case_context(), at("2026-12-01 00:00"))
    assert found.case is not None
    assert (found.case.state, found.case.closed_at, found.next_at) == ("CLOSED", at("2026-09-29 00:00"), None)


def drained(store: CaseStore, now: int) -> list[Any]:
    """Every record the store publishes until `now`."""
    said = list(store.changes())
    while not store.advance(now):
        said += store.changes()
    return [*said, *store.changes()]


def test_each_timer_is_said_once_however_often_one_looks() -> None:
    """Looking every hour gives the events that looking once gives, each of them once."""
    store = CaseStore(case_context())
    store.add_complaint(complaint(START))
    said = [one for hour in range(24 * 60) for one in drained(store, START + hour * 60 * MINUTE)]
    events = [one for one in said if isinstance(one, ComplaintEvent)]
    assert len({one.event_id for one in events}) == len(events)
    expected = replay_case(complaint(START), (), case_context(), START + 24 * 60 * 60 * MINUTE).events
    assert [replace(one, version=0) for one in events] == list(expected)


def test_a_new_worker_that_heard_what_was_said_says_nothing_again() -> None:
    """After a restart at any point only what the one before did not say is said."""
    now = at("2026-10-20 00:00")
    before = CaseStore(case_context())
    before.add_complaint(complaint(START))
    events = [one for one in drained(before, now) if isinstance(one, ComplaintEvent)]
    for known in range(len(events) + 1):
        after = CaseStore(case_context())
        after.add_complaint(complaint(START))
        list(after.changes())  # what a rebuild would say is discarded: it is in the topic
        after.observe_published(events[:known])
        again = [one for one in drained(after, now) if isinstance(one, ComplaintEvent)]
        assert {one.event_id for one in again} == {one.event_id for one in events[max(1, known) :]}


def test_an_action_that_comes_late_retracts_what_did_not_happen() -> None:
    """An answer found in another system after the limit takes OVERDUE back and lowers the escalation."""
    store = CaseStore(case_context())
    store.add_complaint(complaint(START))
    first = drained(store, at("2026-09-15 08:00"))
    assert "OVERDUE" in [one.kind for one in first if isinstance(one, ComplaintEvent)]
    store.add_action(action("ACKNOWLEDGE", at("2026-09-08 10:00")))
    later = drained(store, at("2026-09-15 08:00"))
    retracted = {one.rule for one in later if isinstance(one, ComplaintEvent) and one.kind == "RETRACTED"}
    assert retracted == {"FIRST_LOOK"}
    case = [one for one in later if isinstance(one, ComplaintCase)][-1]
    assert (case.level, case.overdue, case.state) == (0, 0, "ACKNOWLEDGED")


def test_what_older_rules_said_is_taken_back_when_the_rules_change() -> None:
    """An event of an earlier edition that no longer happens is retracted, and the case gets a higher version."""
    now, fired = at("2026-12-01 00:00"), 9
    store = CaseStore(case_context())
    store.add_complaint(complaint(START))
    list(store.changes())
    last = replay_case(complaint(START), (), case_context(), now)
    older = (last.version >> 10) - RULES_EDITION << 10 | fired
    gone = replace(last.events[-1], event_id="e-older", kind="ESCALATED", unit="VN", version=older)
    store.observe_published([gone])
    said = drained(store, now)
    (retracted,) = [one for one in said if isinstance(one, ComplaintEvent) and one.event_id == "e-older"]
    assert (retracted.kind, retracted.version > older) == ("RETRACTED", True)
    case = [one for one in said if isinstance(one, ComplaintCase)][-1]
    assert (case.unit, case.version > older) == ("KV03", True)


def test_an_action_about_an_unknown_complaint_is_refused_until_it_turns_up() -> None:
    """The refusal is said, and said anew as accepted when the complaint comes after all."""
    store = CaseStore(case_context())
    store.add_action(action("ACKNOWLEDGE", START + MINUTE))
    (refused,) = drained(store, START)
    assert (refused.kind, refused.refusal, refused.office) == ("REFUSED", "UNKNOWN_COMPLAINT", "")
    store.add_complaint(complaint(START))
    said = {one.event_id: one for one in drained(store, START) if isinstance(one, ComplaintEvent)}
    assert said[refused.event_id].kind == "ACCEPTED"
    assert said[refused.event_id].version > refused.version


def test_actions_of_one_complaint_are_bounded() -> None:
    """A flood of actions on one complaint is refused beyond a thousand; those already known never are."""
    store = CaseStore(case_context())
    flood = [action("ACKNOWLEDGE", START + MINUTE, number) for number in range(MOST_ACTIONS + 1)]
    assert [store.add_action(one) for one in flood] == [True] * MOST_ACTIONS + [False]
    assert store.add_action(flood[0])


@settings(max_examples=80, deadline=None)
@given(
    histories(),
    st.none() | st.integers(0, 60),
    st.randoms(use_true_random=False),
    st.lists(st.integers(0, 60), max_size=4),
)
def test_any_order_of_arrival_ends_alike(
    actions: list[ComplaintAction], content: int | None, random: Any, looks: list[int]
) -> None:
    """Whatever comes first, and however often time is looked at between, the end is the replay of all inputs.

    The sheet is a low score alone, to which a revision may add content.
    """
    end = START + 70 * DAY
    store = CaseStore(case_context())
    bare = bare_complaint(START)
    told: dict[str, Any] = {} if content is None else {"case_track": "FEEDBACK", "content_since": START + content * DAY}
    told_now = replace(bare, version=2, **told)
    arrivals: list[Any] = [*actions, *actions[:2], bare, told_now]
    random.shuffle(arrivals)
    said: list[Any] = []
    for arrival in arrivals:
        if isinstance(arrival, ComplaintAction):
            store.add_action(arrival)
        else:
            store.add_complaint(arrival)
        if looks and random.random() < 0.5:
            said += drained(store, START + random.choice(looks) * DAY)
    said += drained(store, end)
    expected = replay_case(told_now, list(dict.fromkeys(actions)), case_context(), end)
    newest: dict[str, ComplaintEvent] = {}
    for one in said:
        if isinstance(one, ComplaintEvent) and (
            one.event_id not in newest or one.version > newest[one.event_id].version
        ):
            newest[one.event_id] = one
    standing = [replace(one, version=0) for one in newest.values() if one.kind != "RETRACTED"]
    assert sorted(standing, key=str) == sorted(expected.events, key=str)
    cases = [one for one in said if isinstance(one, ComplaintCase)]
    assert max(cases, key=lambda one: one.version) == expected.case
    assert expected.case is not None
    assert expected.case.complaint_id == COMPLAINT


@pytest.mark.parametrize("now", [START, START + 10 * DAY, START + 60 * DAY])
def test_versions_never_fall_as_time_and_actions_come(now: int) -> None:
    """A later state always has a higher version than an earlier one, so whoever keeps the highest ends right."""
    few = replay_case(complaint(START), (), case_context(), now)
    later = replay_case(complaint(START), (), case_context(), now + 30 * DAY)
    more = replay_case(complaint(START), [action("ACKNOWLEDGE", START + MINUTE)], case_context(), now)
    assert few.version <= later.version < more.version or now == START + 60 * DAY
    assert few.version < more.version
