"""A low score alone is a signal with house limits; content makes it feedback, with the limits of the law from then on.

Opened on Monday 7 September 2026. CC is the Civil Code 2015. Decree 20/2008/NĐ-CP asks feedback for content and sender.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.case_histories import DAY, START, histories
from support.cases import ENTERPRISE, action, bare_complaint, case_context
from support.events import at

from processors.domain.cases.guards import Refusal
from processors.domain.cases.replay import ReplayedCase, ordered_actions, replay_case
from schemas.records.cases import ActorRole, ComplaintAction
from schemas.records.complaints import ComplaintState
from schemas.reference.deadlines import load_deadlines
from schemas.reference.tables import Confidence

BY_ENTERPRISE: dict[str, Any] = {"actor_role": ActorRole.ENTERPRISE, "actor": ENTERPRISE, "unit": None}
Acts = list[tuple[str, str, dict[str, Any]]]

TO_FEEDBACK = {"track": "FEEDBACK"}
SAYS = {"text": "The gate asked for a paper that no rule names."}


def replayed(content: str | None, acts: Acts, now: str, **fields: Any) -> ReplayedCase:
    """A case that was opened by a low score alone, as of an instant; `content`: when a revision brought some."""
    since = None if content is None else at(content)
    given = {"case_track": "SIGNAL" if since is None else "FEEDBACK", "content_since": since, **fields}
    done = [action(name, at(when), **more) for name, when, more in acts]
    return replay_case(bare_complaint(START, **given), done, case_context(), at(now))


LOOK, SETTLE = ("SIGNAL_LOOK", "2026-09-07", "2026-09-15"), ("SIGNAL_SETTLE", "2026-09-07", "2026-09-29")
# Five and fifteen working days (ours) end on Monday 14 and 28 September at 24:00 (CC 148.6). Content of Thursday 10
# September is to be looked at by Thursday 17 (ours), and resolved by Thursday 1 October (Decision 766, 15 working
# days).
CASES: list[tuple[str, str | None, Acts, str, tuple[str, str, int, str], list[tuple[str, str, str]]]] = [
    ("ours: an untouched star", None, [], "2026-09-08 09:00", ("SIGNAL", "OPENED", 0, "03CC"), [LOOK, SETTLE]),
    ("ours: it stays at its office", None, [], "2029-09-08 09:00", ("SIGNAL", "OPENED", 2, "03CC"), [LOOK, SETTLE]),
    (
        "Decree 20: content with the first score is feedback from the start",
        "2026-09-07 09:00",
        [],
        "2026-09-08 09:00",
        ("FEEDBACK", "OPENED", 0, "03CC"),
        [("FIRST_LOOK", "2026-09-07", "2026-09-15"), ("RESOLVE", "2026-09-07", "2026-09-29")],
    ),
    (
        "Decree 20: a revision brings the content",
        "2026-09-10 10:00",
        [],
        "2026-09-11 09:00",
        ("FEEDBACK", "OPENED", 0, "03CC"),
        [LOOK, SETTLE, ("FIRST_LOOK", "2026-09-10", "2026-09-18"), ("RESOLVE", "2026-09-10", "2026-10-02")],
    ),
    (
        "late stays late: the content comes after both limits",
        "2026-09-30 10:00",
        [],
        "2026-09-30 11:00",
        ("FEEDBACK", "OPENED", 2, "03CC"),
        [LOOK, SETTLE, ("FIRST_LOOK", "2026-09-30", "2026-10-08"), ("RESOLVE", "2026-09-30", "2026-10-22")],
    ),
    (
        "feedback that was a signal rises as feedback does",
        "2026-09-10 10:00",
        [],
        "2026-09-18 00:00",
        ("FEEDBACK", "OPENED", 1, "KV03"),
        [LOOK, SETTLE, ("FIRST_LOOK", "2026-09-10", "2026-09-18"), ("RESOLVE", "2026-09-10", "2026-10-02")],
    ),
    (
        "who verifies it has looked already",
        "2026-09-10 10:00",
        [("VERIFY", "2026-09-08 09:00", {})],
        "2026-09-11 09:00",
        ("FEEDBACK", "VERIFYING", 0, "03CC"),
        [LOOK, SETTLE, ("FIRST_LOOK", "2026-09-10", "2026-09-18"), ("RESOLVE", "2026-09-10", "2026-10-02")],
    ),
    (
        "the content ends the wait for it",
        "2026-09-10 10:00",
        [("ASK", "2026-09-08 09:00", {})],
        "2026-09-11 09:00",
        ("FEEDBACK", "VERIFYING", 0, "03CC"),
        [
            LOOK,
            ("SIGNAL_SETTLE", "2026-09-07", "2026-10-02"),  # three days of waiting are left out
            ("FIRST_LOOK", "2026-09-10", "2026-09-18"),
            ("RESOLVE", "2026-09-10", "2026-10-02"),
        ],
    ),
    (
        "a signal that was filed is opened again by content",
        "2026-09-10 10:00",
        [("FILE", "2026-09-08 09:00", {})],
        "2026-09-11 09:00",
        ("FEEDBACK", "OPENED", 0, "03CC"),
        [LOOK, SETTLE, ("FIRST_LOOK", "2026-09-10", "2026-09-18"), ("RESOLVE", "2026-09-10", "2026-10-02")],
    ),
    (
        "the enterprise supplies words",
        None,
        [("ASK", "2026-09-08 09:00", {}), ("SUPPLY", "2026-09-10 10:00", SAYS)],
        "2026-09-11 09:00",
        ("FEEDBACK", "VERIFYING", 0, "03CC"),
        [
            LOOK,
            ("SIGNAL_SETTLE", "2026-09-07", "2026-10-02"),
            ("FIRST_LOOK", "2026-09-10", "2026-09-18"),
            ("RESOLVE", "2026-09-10", "2026-10-02"),
        ],
    ),
    (
        "a supplement without a word makes no feedback",
        None,
        [("ASK", "2026-09-08 09:00", {}), ("SUPPLY", "2026-09-10 10:00", {})],
        "2026-09-11 09:00",
        ("SIGNAL", "VERIFYING", 0, "03CC"),
        [LOOK, ("SIGNAL_SETTLE", "2026-09-07", "2026-10-02")],
    ),
    (
        "a handler says so",
        None,
        [("CHANGE_TRACK", "2026-09-10 10:00", TO_FEEDBACK)],
        "2026-09-11 09:00",
        ("FEEDBACK", "OPENED", 0, "03CC"),
        [LOOK, SETTLE, ("FIRST_LOOK", "2026-09-10", "2026-09-18"), ("RESOLVE", "2026-09-10", "2026-10-02")],
    ),
    (
        "the enterprise says so, in words",
        None,
        [("CHANGE_TRACK", "2026-09-10 10:00", {**BY_ENTERPRISE, **TO_FEEDBACK, **SAYS})],
        "2026-09-11 09:00",
        ("FEEDBACK", "OPENED", 0, "03CC"),
        [LOOK, SETTLE, ("FIRST_LOOK", "2026-09-10", "2026-09-18"), ("RESOLVE", "2026-09-10", "2026-10-02")],
    ),
    (
        "content changes nothing about a formal complaint",
        "2026-09-10 10:00",
        [("CHANGE_TRACK", "2026-09-08 09:00", {"track": "COMPLAINT"})],
        "2026-09-11 09:00",
        ("COMPLAINT", "OPENED", 0, "03CC"),
        [LOOK, SETTLE, ("COMPLAINT_ACCEPT", "2026-09-08", "2026-09-18")],
    ),
    (
        "filed in time",
        None,
        [("FILE", "2026-09-14 23:59", {})],
        "2026-12-01 09:00",
        ("SIGNAL", "CLOSED", 0, "03CC"),
        [LOOK, SETTLE],
    ),
    (
        "resolved, then filed without an answer, which a signal needs not",
        None,
        [
            ("VERIFY", "2026-09-08 09:00", {}),
            ("RESOLVE", "2026-09-09 09:00", {}),
            ("FILE", "2026-09-09 10:00", {}),
        ],
        "2026-12-01 09:00",
        ("SIGNAL", "CLOSED", 0, "03CC"),
        [LOOK, SETTLE],
    ),
]


@pytest.mark.parametrize(("_why", "content", "acts", "now", "found", "clocks"), CASES, ids=[row[0] for row in CASES])
def test_a_case_is_what_was_said_until_then(
    _why: str,
    content: str | None,
    acts: Acts,
    now: str,
    found: tuple[str, str, int, str],
    clocks: list[tuple[str, str, str]],
) -> None:
    """By hand: track, state, missed limits and unit, and every limit with the day of its start and its end."""
    case = replayed(content, acts, now).case
    assert case is not None
    assert case.refused_actions == 0
    assert (case.track, case.state, case.overdue, case.unit) == found
    ends = [(clock.rule, clock.started_at, clock.due_at) for clock in case.clocks]
    assert [(rule, start // DAY, due) for rule, start, due in ends] == [
        (rule, at(f"{start} 09:00") // DAY, at(f"{due} 00:00")) for rule, start, due in clocks
    ]


def test_content_that_comes_with_better_scores_makes_no_feedback() -> None:
    """One revision raises the scores and explains itself: nothing is left to complain of."""
    raised = {"state": ComplaintState.WITHDRAWN, "changed_at": at("2026-09-10 10:00")}
    case = replayed("2026-09-10 10:00", [], "2026-09-11 09:00", **raised).case
    assert case is not None
    assert (case.track, case.state) == ("SIGNAL", "WITHDRAWN")


def test_a_sheet_that_is_raised_later_ends_the_feedback() -> None:
    """Content made it feedback, a further revision without low scores ends it; both are events."""
    raised = {"state": ComplaintState.WITHDRAWN, "changed_at": at("2026-09-11 10:00")}
    found = replayed("2026-09-10 10:00", [], "2026-09-14 09:00", **raised)
    assert found.case is not None
    assert (found.case.track, found.case.state) == ("FEEDBACK", "WITHDRAWN")
    changes = [(one.occurred_at, one.state) for one in found.events if one.kind == "SHEET_CHANGED"]
    assert changes == [(at("2026-09-10 10:00"), "OPENED"), (at("2026-09-11 10:00"), "WITHDRAWN")]


@pytest.mark.parametrize(
    ("name", "fields", "content", "why"),
    [
        ("CHANGE_TRACK", {**BY_ENTERPRISE, **TO_FEEDBACK}, None, Refusal.NO_TEXT),
        ("CHANGE_TRACK", {"track": "SIGNAL"}, "2026-09-07 09:00", Refusal.NO_TRACK),
        ("FILE", {}, "2026-09-07 09:00", Refusal.NOT_ON_THIS_TRACK),
        ("MARK_COMPLEX", {}, None, Refusal.NO_COMPLEX_LIMIT),
    ],
    ids=["an enterprise must say something", "no way back", "feedback is not filed", "no longer house limit"],
)
def test_what_is_refused(name: str, fields: dict[str, Any], content: str | None, why: Refusal) -> None:
    """Nobody leaves the limits of the law for those of the house, and an enterprise makes feedback by words."""
    (event,) = [
        one
        for one in replayed(content, [(name, "2026-09-08 09:00", fields)], "2026-09-09 09:00").events
        if one.action_id is not None
    ]
    assert event.refusal == why


@pytest.mark.parametrize("rule", ["SIGNAL_LOOK", "SIGNAL_SETTLE"])
def test_the_limits_of_signals_are_said_to_be_ours(rule: str) -> None:
    """No law asks for a reaction to a score alone."""
    limit = load_deadlines().get(rule, START)
    assert (limit.track, limit.confidence, limit.source[:5]) == ("SIGNAL", Confidence.UNVERIFIED, "ours:")


def test_complaints_of_earlier_versions_stay_feedback() -> None:
    """They do not say since when there was content; their limits of the law have been running."""
    case = replayed(None, [], "2026-09-08 09:00", case_track="FEEDBACK").case
    assert case is not None
    assert [clock.rule for clock in case.clocks] == ["FIRST_LOOK", "RESOLVE"]


def slow_track(found: ReplayedCase, actions: dict[str, ComplaintAction]) -> list[tuple[int, str]]:
    """The tracks of a case with the times of their beginnings, read from its events alone."""
    tracks = [(found.events[0].occurred_at, "SIGNAL")]
    for event in found.events:
        done = actions.get(event.action_id or "")
        track = tracks[-1][1]
        if event.kind == "SHEET_CHANGED" and event.state != "WITHDRAWN":
            track = "FEEDBACK"
        elif event.kind == "ACCEPTED" and done is not None and done.action == "CHANGE_TRACK":
            track = str(done.track)
        elif event.kind == "ACCEPTED" and done is not None and done.action == "SUPPLY" and done.text:
            track = "FEEDBACK" if track == "SIGNAL" else track
        if track != tracks[-1][1]:
            tracks.append((event.occurred_at, track))
    return tracks


@settings(max_examples=120, deadline=None)
@given(histories(), st.none() | st.integers(1, 60), st.integers(1, 90))
def test_any_history_keeps_the_two_apart(actions: list[ComplaintAction], content: int | None, days: int) -> None:
    """A slow reading of the events gives the same track; no legal limit begins before it; no signal rises by itself."""
    since = None if content is None else START + content * DAY
    given = {"case_track": "SIGNAL" if since is None else "FEEDBACK", "content_since": since}
    found = replay_case(bare_complaint(START, **given), actions, case_context(), START + days * DAY)
    assert found.case is not None
    tracks = slow_track(found, {one.action_id: one for one in ordered_actions(actions)})
    assert found.case.track == tracks[-1][1]
    for clock in found.case.clocks:
        if clock.phase != "ERASE":
            assert clock.track in [track for begun, track in tracks if begun <= clock.started_at]
            assert clock.track != "FEEDBACK" or clock.started_at > START
    risen = [one.occurred_at for one in found.events if one.kind == "ESCALATED"]
    assert all([track for begun, track in tracks if begun <= rise][-1] != "SIGNAL" for rise in risen)
