"""How far a case goes up by itself, and how far by actions."""

from __future__ import annotations

from typing import Any

import pytest
from support.case_histories import START
from support.cases import ENTERPRISE, action, case_context, complaint
from support.events import at

from processors.domain.cases.replay import replay_case
from schemas.records.cases import ActorRole

# House rule: by itself to the unit directly above the office, never to the head of customs. Opened on 7 September 2026,
# the first look is missed at 24:00 on the 14th, ten working days are over on the 21st, RESOLVE ends on the 28th.
CASES: list[tuple[str, str, list[tuple[str, str]], str, str]] = [
    ("untouched, before the end of the first look", "03CC", [], "2026-09-14 23:59", "03CC"),
    ("untouched, after it", "03CC", [], "2026-09-15 00:00", "KV03"),
    ("untouched for ten working days", "03CC", [], "2026-09-22 00:00", "KV03"),
    ("untouched for years", "03CC", [], "2029-09-07 00:00", "KV03"),
    ("nobody but the head is above", "ZZZZ", [], "2029-09-07 00:00", "ZZZZ"),
    ("a region, below the head", "KV03", [], "2029-09-07 00:00", "KV03"),
    ("escalated by the enterprise", "03CC", [("ESCALATE", "2026-09-08 09:00")], "2026-09-08 10:00", "KV03"),
    ("escalated, then late", "03CC", [("ESCALATE", "2026-09-08 09:00")], "2029-09-07 00:00", "KV03"),
    (
        "escalated twice",
        "03CC",
        [("ESCALATE", "2026-09-08 09:00"), ("ESCALATE", "2026-09-09 09:00")],
        "2026-09-09 10:00",
        "VN",
    ),
    ("late, then escalated", "03CC", [("ESCALATE", "2026-09-15 09:00")], "2026-09-15 10:00", "VN"),
    ("transferred after it went up", "03CC", [("TRANSFER", "2026-09-15 09:00")], "2026-09-15 10:00", "03EE"),
    ("transferred, then late again", "03CC", [("TRANSFER", "2026-09-15 09:00")], "2029-09-07 00:00", "KV03"),
]


def unit_of(office: str, done: list[tuple[str, str]], now: str, **policy: Any) -> str:
    """The unit that answers for a case."""
    by_enterprise: dict[str, Any] = {"actor_role": ActorRole.ENTERPRISE, "actor": ENTERPRISE, "unit": None}
    actions = [action(name, at(when), **(by_enterprise if name == "ESCALATE" else {})) for name, when in done]
    found = replay_case(complaint(START, office=office), actions, case_context(**policy), at(now)).case
    assert found is not None
    assert found.refused_actions == 0
    return found.unit


@pytest.mark.parametrize(("_why", "office", "done", "now", "unit"), CASES, ids=[row[0] for row in CASES])
def test_who_answers_for_a_late_case(_why: str, office: str, done: list[tuple[str, str]], now: str, unit: str) -> None:
    """By hand: time alone takes a case to the unit directly above and no further; ESCALATE takes it on."""
    assert unit_of(office, done, now) == unit


def test_the_policy_may_let_cases_go_further() -> None:
    """Both limits of the rule are of the policy: the second missed limit reaches the head only where it may."""
    late = "2026-09-29 00:00"
    assert unit_of("03CC", [], late, levels_by_itself=2) == "KV03"
    assert unit_of("03CC", [], late, levels_by_itself=2, head_by_itself=True) == "VN"
    assert unit_of("03CC", [], late, levels_by_itself=0) == "03CC"
