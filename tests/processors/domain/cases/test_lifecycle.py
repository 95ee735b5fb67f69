"""How a case is handled, answered, reopened, escalated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.cases import COMPLAINT, ENTERPRISE, OPENED, action, case_context, complaint
from support.events import at

from processors.domain.cases.guards import Refusal
from processors.domain.cases.replay import ReplayedCase, replay_case
from schemas.records.cases import ActorRole, Clock, ComplaintAction
from schemas.records.complaints import ComplaintState

START = at(OPENED)
HOUR = 3_600_000
DAY = 24 * HOUR


def folded(*actions: ComplaintAction, now: int = START + HOUR, **fields: Any) -> ReplayedCase:
    """The case after actions."""
    return replay_case(
        complaint(START, **fields), actions, case_context(), max(now, *(one.acted_at for one in actions), START)
    )


def state_of(*actions: ComplaintAction, now: int = START + HOUR) -> str:
    """The state after actions."""
    case = folded(*actions, now=now).case
    assert case is not None
    return case.state


def refusal_of(last: ComplaintAction, *before: ComplaintAction, **fields: Any) -> str | None:
    """Why the last of several actions was refused."""
    (event,) = [one for one in folded(*before, last, **fields).events if one.action_id == last.action_id]
    return event.refusal


def clock(found: ReplayedCase, rule: str) -> Clock:
    """The newest clock of a rule."""
    assert found.case is not None
    return [one for one in found.case.clocks if one.rule == rule][-1]


def test_a_case_goes_from_its_opening_to_the_answer_and_the_rating_of_it() -> None:
    """Taken up, verified, resolved, answered, rated well: closed, every limit met, nothing overdue."""
    names = ("ACKNOWLEDGE", "VERIFY", "RESOLVE", "ANSWER", "RATE_HANDLING")
    found = folded(*(action(name, START + number * HOUR) for number, name in enumerate(names, 1)))
    assert found.case is not None
    assert (found.case.state, found.case.finding, found.case.handling_score) == ("CLOSED", "UPHELD", 5)
    assert (found.case.overdue, found.case.next_due_at, found.next_at) == (0, None, None)
    assert all(one.met_at is not None for one in found.case.clocks)
    assert [one.kind for one in found.events] == ["OPENED", *["ACCEPTED"] * 5]


def test_the_answer_says_what_was_found_and_done_and_no_handlers_name() -> None:
    """The enterprise reads finding, measures and text; the official who wrote it is nowhere in it."""
    found = folded(*(action(name, START + n * HOUR) for n, name in enumerate(("VERIFY", "RESOLVE", "ANSWER"), 1)))
    (answer,) = found.answers
    assert (answer.finding, answer.found, answer.measures, answer.text) == ("UPHELD", "found", "done", "answer")
    assert (answer.declaration_no, answer.tax_code) == ("103000000010", ENTERPRISE)
    assert "o-head" not in str(answer)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"actor": "o-rated"}, Refusal.RATED_OFFICIAL),
        ({"actor": None}, Refusal.NOT_NAMED),
        ({"unit": "03EE"}, Refusal.NOT_RESPONSIBLE),
        ({"unit": None}, Refusal.NOT_RESPONSIBLE),
        ({"actor_role": ActorRole.ENTERPRISE}, Refusal.NOT_IN_THIS_ROLE),
        ({"action": "PAINT"}, Refusal.UNKNOWN_ACTION),
        ({"unit": "KV03"}, None),
        ({"unit": "VN"}, None),
    ],
    ids=str,
)
def test_who_may_handle_a_case(fields: dict[str, Any], why: Refusal | None) -> None:
    """The unit itself and those above it, by a named handler, never the rated official."""
    assert refusal_of(replace(action("VERIFY", START + HOUR), **fields)) == why


def test_another_enterprise_may_not_act() -> None:
    """Only the enterprise that sent the sheet withdraws it; where the sheet named none, the one that says so may."""
    stranger = action("WITHDRAW", START + HOUR, actor="0999999999")
    assert refusal_of(stranger) == Refusal.NOT_THE_ENTERPRISE
    assert refusal_of(stranger, tax_code=None) is None


@pytest.mark.parametrize(
    ("name", "missing", "why"),
    [
        ("RESOLVE", {"finding": None}, Refusal.NO_FINDING),
        ("RESOLVE", {"finding": "REJECTED"}, Refusal.NO_FINDING),
        ("RESOLVE", {"text": ""}, Refusal.NO_TEXT),
        ("REJECT", {"text": None}, Refusal.NO_TEXT),
        ("MERGE", {"other_complaint": COMPLAINT}, Refusal.NO_OTHER_COMPLAINT),
        ("CHANGE_TRACK", {"track": "REVENGE"}, Refusal.NO_TRACK),
        ("CHANGE_TRACK", {"track": "FEEDBACK"}, Refusal.ALREADY_SO),
        ("TRANSFER", {"to_unit": "99ZZ"}, Refusal.UNKNOWN_UNIT),
        ("TRANSFER", {"to_unit": "03CC"}, Refusal.ALREADY_SO),
        ("MARK_COMPLEX", {}, Refusal.NO_COMPLEX_LIMIT),
        ("RELEASE_HOLD", {}, Refusal.ALREADY_SO),
    ],
)
def test_an_action_needs_its_fields(name: str, missing: dict[str, Any], why: Refusal) -> None:
    """Without what it is about, an action is refused and says what is missing."""
    assert refusal_of(replace(action(name, START + 2 * HOUR), **missing), action("VERIFY", START + HOUR)) == why


def test_only_one_supplement_may_be_asked_for() -> None:
    """A second request is refused: under Decision 766 it would count as late."""
    asked = (action("ASK", START + HOUR), action("SUPPLY", START + 2 * HOUR))
    assert refusal_of(action("ASK", START + 3 * HOUR), *asked) == Refusal.ALREADY_ASKED


def test_waiting_for_the_enterprise_stops_the_clock() -> None:
    """Waiting from Tuesday to Friday moves the end by four working days; while it waits there is no end."""
    asked = action("ASK", at("2026-09-08 10:00"))
    waiting = clock(folded(asked, now=at("2026-09-10 10:00")), "RESOLVE")
    assert (waiting.due_at, waiting.paused_at) == (None, asked.acted_at)
    supplied = action("SUPPLY", at("2026-09-11 10:00"))
    going_on = clock(folded(asked, supplied), "RESOLVE")
    assert (going_on.extended_by, going_on.due_at) == (4, at("2026-10-03 00:00"))


def test_a_poor_rating_of_the_handling_reopens_once() -> None:
    """The first poor score reopens with fresh limits; the second is kept and changes nothing."""
    names = ("VERIFY", "RESOLVE", "ANSWER")
    once = [action(name, START + n * HOUR) for n, name in enumerate(names, 1)]
    poor = action("RATE_HANDLING", START + 5 * HOUR, score=1)
    again = [action(name, START + n * HOUR) for n, name in enumerate(names, 6)]
    poorer = action("RATE_HANDLING", START + 10 * HOUR, score=2)
    reopened = folded(*once, poor).case
    assert reopened is not None
    assert (reopened.state, reopened.reopened, reopened.finding, reopened.answered_at) == ("REOPENED", True, None, None)
    assert reopened.next_due_at is not None
    last = folded(*once, poor, *again, poorer)
    assert last.case is not None
    assert (last.case.state, last.case.handling_score, len(last.answers)) == ("ANSWERED", 2, 2)


def test_a_formal_complaint_has_its_own_clocks_and_the_earlier_one_stays_visible() -> None:
    """After the change of track the feedback clocks have ended unmet, and accepting starts the 30 days."""
    found = folded(action("CHANGE_TRACK", at("2026-09-08 10:00")), action("ACKNOWLEDGE", at("2026-09-09 10:00")))
    assert clock(found, "RESOLVE").ended_at == at("2026-09-08 10:00")
    assert clock(found, "COMPLAINT_ACCEPT").met_at == at("2026-09-09 10:00")
    assert clock(found, "COMPLAINT_DECIDE").due_at == at("2026-10-10 00:00")
    longer = folded(
        action("CHANGE_TRACK", at("2026-09-08 10:00")),
        action("ACKNOWLEDGE", at("2026-09-09 10:00")),
        action("MARK_COMPLEX", at("2026-09-10 10:00")),
    )
    assert clock(longer, "COMPLAINT_DECIDE_COMPLEX").due_at == at("2026-10-27 00:00")


def test_an_appeal_goes_one_level_up_with_the_limits_of_the_second_instance() -> None:
    """Once, on the formal track alone."""
    names = ("CHANGE_TRACK", "VERIFY", "RESOLVE", "ANSWER", "APPEAL")
    done = [action(name, START + n * HOUR) for n, name in enumerate(names, 1)]
    found = folded(*done, action("ACKNOWLEDGE", START + 6 * HOUR))
    assert found.case is not None
    assert (found.case.level, found.case.unit) == (1, "KV03")
    assert clock(found, "COMPLAINT_SECOND_DECIDE").phase == "RESOLVE"
    feedback = [action(name, START + n * HOUR) for n, name in enumerate(names[1:4], 1)]
    assert refusal_of(action("APPEAL", START + 6 * HOUR), *feedback) == Refusal.NOT_ON_THIS_TRACK


@pytest.mark.parametrize(
    ("opened", "why"), [("2026-06-01 09:00", Refusal.NOT_IN_FORCE), ("2026-09-07 09:00", None)], ids=["before", "since"]
)
def test_suspension_is_for_complaints_since_july_2026(opened: str, why: Refusal | None) -> None:
    """Before Law 136/2025/QH15 a complaint cannot be suspended."""
    start = at(opened)
    done = [action(name, start + n * HOUR) for n, name in enumerate(("CHANGE_TRACK", "VERIFY", "SUSPEND"), 1)]
    events = replay_case(complaint(start), done, case_context(), start + DAY).events
    assert events[-1].refusal == why


def test_who_sent_a_denunciation_is_protected() -> None:
    """Neither the case, nor its events, nor an answer say which enterprise, declaration or sheet it is."""
    names = ("CHANGE_TRACK", "ACKNOWLEDGE", "RESOLVE", "ANSWER")
    done = [action(name, START + n * HOUR) for n, name in enumerate(names, 1)]
    done[0] = replace(done[0], track="DENUNCIATION", actor_role=ActorRole.ENTERPRISE, actor=ENTERPRISE, unit=None)
    found = folded(*done)
    assert found.case is not None
    assert (found.case.state, found.case.track) == ("ANSWERED", "DENUNCIATION")
    assert found.answers == []
    for said in (found.case, *found.events):
        assert not any(secret in str(said) for secret in (ENTERPRISE, "s-1", "1030000000"))


def test_a_raised_score_ends_feedback_but_no_formal_complaint() -> None:
    """Taking the low scores back withdraws feedback; a formal complaint goes on until its sender withdraws it."""
    raised: dict[str, Any] = {"state": ComplaintState.WITHDRAWN, "changed_at": START + 5 * HOUR}
    found = folded(action("VERIFY", START + HOUR), **raised)
    assert found.case is not None
    assert (found.case.state, found.case.closed_at) == ("WITHDRAWN", START + 5 * HOUR)
    formal = folded(action("CHANGE_TRACK", START + HOUR), **raised).case
    assert formal is not None
    assert formal.state == "OPENED"


def test_transfer_begins_the_limits_anew_at_the_other_unit() -> None:
    """Decision 766 counts from the last transfer; handlers of the first unit may no longer act."""
    moved = action("TRANSFER", at("2026-09-10 10:00"))
    found = folded(moved)
    assert found.case is not None
    assert (found.case.unit, found.case.state) == ("03EE", "OPENED")
    assert clock(found, "RESOLVE").due_at == at("2026-10-02 00:00")
    assert refusal_of(action("VERIFY", at("2026-09-11 10:00")), moved) == Refusal.NOT_RESPONSIBLE


def test_merged_sheets_end_here_and_are_listed_there() -> None:
    """MERGE names the case that goes on; ABSORB lists the one that came, once."""
    merged = folded(action("MERGE", START + HOUR)).case
    absorbed = folded(action("ABSORB", START + HOUR), action("ABSORB", START + 2 * HOUR)).case
    assert merged is not None
    assert absorbed is not None
    assert (merged.state, merged.merged_into) == ("MERGED", absorbed.absorbed[0])
    assert len(absorbed.absorbed) == 1


def test_erasure_has_a_limit_of_its_own_that_outlives_the_case() -> None:
    """A request starts twenty days; withdrawing the complaint does not end them, erasing meets them."""
    asked, gone = action("REQUEST_ERASURE", at("2026-09-08 10:00")), action("WITHDRAW", at("2026-09-09 10:00"))
    waiting = folded(asked, gone)
    assert waiting.case is not None
    assert waiting.case.next_due_at == at("2026-09-29 00:00")
    assert (clock(waiting, "ERASE_CONTACT").due_at, clock(waiting, "RESOLVE").ended_at) == (
        at("2026-09-29 00:00"),
        gone.acted_at,
    )
    done = folded(asked, gone, action("ERASE", at("2026-09-10 10:00")))
    assert done.case is not None
    assert (clock(done, "ERASE_CONTACT").met_at, done.case.erased_at) == (at("2026-09-10 10:00"),) * 2


def test_a_closed_case_shows_when_its_contact_must_be_erased() -> None:
    """A request that comes after the case was closed is due like any other limit."""
    names = ("VERIFY", "RESOLVE", "ANSWER", "CLOSE")
    done = [action(name, START + n * HOUR) for n, name in enumerate(names, 1)]
    found = folded(*done, action("REQUEST_ERASURE", at("2026-09-08 10:00"))).case
    assert found is not None
    assert (found.state, found.next_due_at) == ("CLOSED", at("2026-09-29 00:00"))


def test_a_legal_hold_keeps_the_contact() -> None:
    """Erasing is refused while it holds and allowed again after it."""
    held = action("HOLD", START + HOUR)
    assert refusal_of(action("ERASE", START + 2 * HOUR), held) == Refusal.LEGAL_HOLD
    assert refusal_of(action("ERASE", START + 3 * HOUR), held, action("RELEASE_HOLD", START + 2 * HOUR)) is None


def test_what_is_erased_is_not_revealed_and_may_be_erased_again() -> None:
    """REVEAL is refused from then on; ERASE again completes what was cut off, and keeps the first date."""
    first, again = action("ERASE", START + HOUR), action("ERASE", START + 2 * HOUR)
    assert refusal_of(action("REVEAL", START + 3 * HOUR), first) == Refusal.ERASED
    found = folded(first, again).case
    assert found is not None
    assert found.erased_at == START + HOUR


def test_reading_the_comment_changes_nothing_and_needs_no_reason() -> None:
    """Also in a case that has ended, and when the contact is erased; again and again; not for a rated official."""
    ended = (action("WITHDRAW", START + HOUR), action("ERASE", START + HOUR + 1))
    look = action("READ_COMMENT", START + 2 * HOUR)
    assert refusal_of(look, *ended) is None
    assert refusal_of(action("READ_COMMENT", START + 3 * HOUR), *ended, look) is None
    assert refusal_of(replace(look, actor="o-rated")) == Refusal.RATED_OFFICIAL
    assert refusal_of(replace(look, unit="03EE")) == Refusal.NOT_RESPONSIBLE
    assert refusal_of(replace(look, actor_role=ActorRole.ENTERPRISE, actor=ENTERPRISE)) == Refusal.NOT_IN_THIS_ROLE
    before, after = folded(now=START + 2 * HOUR).case, folded(look).case
    assert before is not None
    assert after == replace(before, version=after.version if after else 0, accepted_actions=1)
