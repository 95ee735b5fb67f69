"""A limit that was missed is counted for good, whatever happens to the case afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.case_histories import DAY, START, histories
from support.cases import action, case_context, complaint
from support.events import at

from processors.domain.cases.replay import ordered_actions, replay_case
from schemas.records.cases import Clock, ComplaintAction, ComplaintCase


def case_of(actions: list[ComplaintAction], now: int) -> ComplaintCase:
    """The case as of an instant."""
    found = replay_case(complaint(START), actions, case_context(), now).case
    assert found is not None
    return found


def missed(clock: Clock, now: int) -> bool:
    """Whether a limit had passed before it was met, or ceased to matter."""
    over = next((one for one in (clock.met_at, clock.ended_at) if one is not None), now)
    return clock.due_at is not None and over > clock.due_at


# Opened on Monday 7 September 2026: look by the 14th, resolve by the 28th, each at 24:00 (Civil Code 2015 Art. 148.6).
CASES = [
    ("in time: nothing was missed", [("CHANGE_TRACK", "2026-09-14 23:00")], "2026-09-15 08:00", []),
    ("track changed at the very end", [("CHANGE_TRACK", "2026-09-15 00:00")], "2026-09-15 08:00", []),
    ("track changed after the first look", [("CHANGE_TRACK", "2026-09-15 09:00")], "2026-09-16 08:00", ["ACKNOWLEDGE"]),
    (
        "track changed after both",
        [("CHANGE_TRACK", "2026-09-29 09:00")],
        "2026-09-30 08:00",
        ["ACKNOWLEDGE", "RESOLVE"],
    ),
    ("transferred after the first look", [("TRANSFER", "2026-09-15 09:00")], "2026-09-16 08:00", ["ACKNOWLEDGE"]),
    (
        "resolved late, answered, rated poorly and reopened",
        [
            ("VERIFY", "2026-09-08 09:00"),
            ("RESOLVE", "2026-09-29 09:00"),
            ("ANSWER", "2026-09-29 10:00"),
            ("RATE_HANDLING", "2026-09-30 09:00"),
        ],
        "2026-09-30 10:00",
        ["RESOLVE"],
    ),
    (
        "complex too late: 30 days from 8 September ended on 8 October",
        [
            ("CHANGE_TRACK", "2026-09-08 09:00"),
            ("ACKNOWLEDGE", "2026-09-08 10:00"),
            ("MARK_COMPLEX", "2026-10-09 09:00"),
            ("VERIFY", "2026-10-09 10:00"),
            ("RESOLVE", "2026-10-12 09:00"),
        ],
        "2026-10-12 10:00",
        ["RESOLVE"],
    ),
    (
        "complex in time: 45 days end on 23 October",
        [
            ("CHANGE_TRACK", "2026-09-08 09:00"),
            ("ACKNOWLEDGE", "2026-09-08 10:00"),
            ("MARK_COMPLEX", "2026-10-08 09:00"),
            ("VERIFY", "2026-10-09 10:00"),
            ("RESOLVE", "2026-10-12 09:00"),
        ],
        "2026-10-12 10:00",
        [],
    ),
    (
        "withdrawn after the old end while it waits: the wait had moved the end",
        [("ASK", "2026-09-28 09:00"), ("WITHDRAW", "2026-09-29 09:00")],
        "2026-09-30 08:00",
        ["ACKNOWLEDGE"],
    ),
]


@pytest.mark.parametrize(("story", "done", "now", "phases"), CASES, ids=lambda value: str(value)[:40])
def test_what_was_missed_is_missed_for_good(
    story: str, done: list[tuple[str, str]], now: str, phases: list[str]
) -> None:
    """By hand: the limits that were missed, and that the case counts as many."""
    score = {"RATE_HANDLING": {"score": 1}}
    actions = [action(name, at(when), **score.get(name, {})) for name, when in done]
    found = case_of(actions, at(now))
    assert found.refused_actions == 0, story
    assert [clock.phase for clock in found.clocks if missed(clock, at(now))] == phases, story
    assert found.overdue == len(phases), story


@settings(max_examples=80, deadline=None)
@given(histories(), st.integers(0, 60))
def test_the_count_is_that_of_the_clocks_and_never_falls(actions: list[ComplaintAction], day: int) -> None:
    """Whatever is done: missed limits are those whose end had passed, and later actions take none of them back."""
    now, end = START + day * DAY, START + 70 * DAY
    earlier = case_of([one for one in ordered_actions(actions) if one.acted_at <= now], now)
    later = case_of(actions, end)
    for found, when in ((earlier, now), (later, end)):
        assert found.overdue == sum(missed(clock, when) for clock in found.clocks)
    assert later.overdue >= earlier.overdue
