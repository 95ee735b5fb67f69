"""Until when an enterprise may complain formally, and appeal. CC is the Civil Code 2015."""

from __future__ import annotations

from typing import Any

import pytest
from support.case_histories import START
from support.cases import ENTERPRISE, action, case_context, complaint
from support.events import at

from processors.domain.cases.guards import Refusal
from processors.domain.cases.replay import replay_case
from schemas.records.cases import ActorRole, ComplaintAction
from schemas.reference.deadlines import load_deadlines
from schemas.reference.tables import Confidence

LATE = Refusal.OUT_OF_TIME
BY_ENTERPRISE: dict[str, Any] = {"actor_role": ActorRole.ENTERPRISE, "actor": ENTERPRISE, "unit": None}


def refusal_of(last: ComplaintAction, *before: ComplaintAction) -> str | None:
    """Why the last of several actions was refused."""
    events = replay_case(complaint(START), [*before, last], case_context(), last.acted_at).events
    (event,) = [one for one in events if one.action_id == last.action_id]
    return event.refusal


# Law on Complaints 2011: 30 days from the answer of 10 September 2026 end on Saturday 10 October; CC 148.5: on Monday.
APPEALS = [
    ("the next day", "2026-09-11 09:00", None),
    ("the thirtieth day, a Saturday", "2026-10-10 20:00", None),
    ("CC 148.5: the next working day", "2026-10-12 17:30", None),
    ("CC 148.6: at 24:00", "2026-10-13 00:00", None),
    ("later, when the case is closed", "2026-10-13 00:01", LATE),
    ("a year later", "2027-09-10 10:00", LATE),
]


@pytest.mark.parametrize(("_why", "when", "refusal"), APPEALS, ids=[row[0] for row in APPEALS])
def test_a_second_complaint_is_made_within_thirty_days(_why: str, when: str, refusal: Refusal | None) -> None:
    """By hand: from the answer, whether or not the case was closed since."""
    names = ("CHANGE_TRACK", "VERIFY", "RESOLVE", "ANSWER")
    done = [action(name, at(f"2026-09-10 0{hour}:00")) for hour, name in enumerate(names, 6)]
    assert refusal_of(action("APPEAL", at(when)), *done) == refusal


# 90 days from the score of 7 September 2026 end on Sunday 6 December, by CC 148.5 on Monday 7 December at 24:00.
COMPLAINTS = [
    ("the ninetieth day, a Sunday", "ENTERPRISE", "COMPLAINT", "2026-12-06 20:00", None),
    ("CC 148.5, 148.6: the next working day, at 24:00", "ENTERPRISE", "COMPLAINT", "2026-12-08 00:00", None),
    ("later", "ENTERPRISE", "COMPLAINT", "2026-12-08 00:01", LATE),
    ("an office may still take it as a complaint", "HANDLER", "COMPLAINT", "2026-12-08 00:01", None),
    ("a denunciation has no such period", "ENTERPRISE", "DENUNCIATION", "2026-12-08 00:01", None),
]


@pytest.mark.parametrize(("_why", "role", "track", "when", "refusal"), COMPLAINTS, ids=[row[0] for row in COMPLAINTS])
def test_a_first_complaint_is_made_within_ninety_days(
    _why: str, role: str, track: str, when: str, refusal: Refusal | None
) -> None:
    """By hand: the act was no later than the score, so from then on the enterprise is surely too late."""
    who = BY_ENTERPRISE if role == "ENTERPRISE" else {}
    assert refusal_of(action("CHANGE_TRACK", at(when), track=track, **who)) == refusal


def test_what_is_already_so_is_said_before_the_period() -> None:
    """A second change to the same track is refused as such, also after ninety days."""
    done = action("CHANGE_TRACK", at("2026-09-08 09:00"))
    assert refusal_of(action("CHANGE_TRACK", at("2027-01-04 09:00"), **BY_ENTERPRISE), done) == Refusal.ALREADY_SO


@pytest.mark.parametrize(("rule", "days"), [("COMPLAINT_LODGE", 90), ("COMPLAINT_SECOND_LODGE", 30)])
def test_the_periods_say_how_far_to_trust_them(rule: str, days: int) -> None:
    """Read in secondary sources for the law of 2011, and carried over for that of 2025."""
    found = [load_deadlines().get(rule, at(day)) for day in ("2026-06-30 09:00", "2026-07-01 09:00")]
    assert [one.amount for one in found] == [days, days]
    assert [one.confidence for one in found] == [Confidence.PROBABLE, Confidence.UNVERIFIED]
