"""A comment without a low score waits in the inbox of its office: opened as feedback, thanked for, or filed."""

from __future__ import annotations

from typing import Any

import pytest
from support.case_histories import START
from support.cases import ENTERPRISE, action, bare_complaint, case_context, remark
from support.events import at

from processors.domain.cases.guards import Refusal
from processors.domain.cases.replay import ReplayedCase, replay_case
from schemas.records.cases import ActorRole, CaseAction
from schemas.records.complaints import ComplaintState

HOUR = 3_600_000
YEARS_LATER = at("2029-09-07 09:00")


def replayed(*acts: tuple[str, dict[str, Any]], now: int = YEARS_LATER, **fields: Any) -> ReplayedCase:
    """A remark after actions, an hour apart."""
    done = [action(name, START + n * HOUR, **more) for n, (name, more) in enumerate(acts, 1)]
    return replay_case(remark(START, **fields), done, case_context(), now)


def test_a_remark_waits_without_a_limit() -> None:
    """No law asks for a reaction: nobody is late, and nobody above hears of it."""
    found = replayed()
    assert found.case is not None
    assert (found.case.track, found.case.state, found.case.unit) == ("REMARK", "OPENED", "03CC")
    assert (found.case.clocks, found.case.overdue, found.next_at) == ((), 0, None)
    assert [one.kind for one in found.events] == ["OPENED"]


def test_thanks_reach_the_enterprise_and_close_it() -> None:
    """The answer is the text, with no finding about anybody."""
    found = replayed(("THANK", {}))
    assert found.case is not None
    assert (found.case.state, found.case.answered_at, found.case.finding) == ("CLOSED", START + HOUR, None)
    (answer,) = found.answers
    assert (answer.finding, answer.text, answer.found, answer.track) == ("NOTED", "thanks", None, "REMARK")


def test_a_filed_remark_is_closed_without_an_answer() -> None:
    """Somebody has read it."""
    found = replayed(("READ_COMMENT", {}), ("FILE", {}))
    assert found.case is not None
    assert (found.case.state, found.case.refused_actions, found.answers) == ("CLOSED", 0, [])


def test_a_remark_may_be_opened_as_feedback() -> None:
    """Limits of feedback run from the decision, and it is handled and answered as feedback is."""
    steps = ("CHANGE_TRACK", "VERIFY", "RESOLVE", "ANSWER")
    found = replayed(*((name, {"track": "FEEDBACK"} if name == "CHANGE_TRACK" else {}) for name in steps))
    assert found.case is not None
    assert [(clock.rule, clock.started_at) for clock in found.case.clocks][:2] == [
        ("FIRST_LOOK", START + HOUR),
        ("RESOLVE", START + HOUR),
    ]
    assert (found.case.track, found.case.refused_actions, len(found.answers)) == ("FEEDBACK", 0, 1)


def test_a_comment_that_is_taken_back_ends_the_remark_but_not_feedback() -> None:
    """What a handler opened as feedback is due an answer."""
    gone = {"state": ComplaintState.WITHDRAWN, "changed_at": START + 5 * HOUR}
    states = [
        replayed(*acts, now=START + 6 * HOUR, **gone).case for acts in ((), [("CHANGE_TRACK", {"track": "FEEDBACK"})])
    ]
    assert [(one.track, one.state) for one in states if one is not None] == [
        ("REMARK", "WITHDRAWN"),
        ("FEEDBACK", "OPENED"),
    ]


ALLOWED = {
    *("THANK", "FILE", "CHANGE_TRACK", "TRANSFER", "WITHDRAW", "READ_COMMENT", "REVEAL"),
    *("REQUEST_ERASURE", "ERASE", "HOLD", "RELEASE_HOLD"),
}


@pytest.mark.parametrize("name", sorted(set(CaseAction) - ALLOWED))
def test_for_everything_else_it_must_be_feedback_first(name: str) -> None:
    """A remark is not verified, resolved or rated: there is nothing to find out."""
    (event,) = [one for one in replayed((name, {}), now=START + 2 * HOUR).events if one.action_id]
    assert event.refusal in (Refusal.NOT_ON_THIS_TRACK, Refusal.NOT_IN_THIS_STATE)


@pytest.mark.parametrize(
    ("name", "fields", "why"),
    [
        ("THANK", {"text": None}, Refusal.NO_TEXT),
        ("THANK", {"actor": "o-rated"}, Refusal.RATED_OFFICIAL),
        ("CHANGE_TRACK", {"track": "REMARK"}, Refusal.NO_TRACK),
        ("THANK", {"actor_role": ActorRole.ENTERPRISE, "actor": ENTERPRISE}, Refusal.NOT_IN_THIS_ROLE),
    ],
)
def test_what_is_refused(name: str, fields: dict[str, Any], why: Refusal) -> None:
    """Thanks need a text, and nobody files praise or blame of himself."""
    (event,) = [one for one in replayed((name, fields)).events if one.action_id]
    assert event.refusal == why


def test_what_was_done_about_a_remark_is_not_done_about_a_later_low_score() -> None:
    """A later revision makes a complaint of it: filing and thanks from before count no more."""
    done = [action(name, START + n * HOUR) for n, name in enumerate(("FILE", "THANK"), 1)]
    found = replay_case(bare_complaint(START + 5 * HOUR), done, case_context(), START + 6 * HOUR)
    assert found.case is not None
    assert (found.case.state, found.answers) == ("OPENED", [])
    assert {one.refusal for one in found.events if one.action_id} == {Refusal.NOT_ON_THIS_TRACK}
