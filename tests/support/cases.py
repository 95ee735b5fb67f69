"""Builders for tests of complaint handling, in the real calendar and the real organisation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from processors.domain.cases.policy import CaseContext
from processors.stages.reference_policies import reference_policies
from schemas.ids import complaint_id
from schemas.records.cases import ActorRole, CaseAction, ComplaintAction
from schemas.records.complaints import CaseTrack, Complaint, ComplaintState

ENTERPRISE = "0200100100"
OPENED = "2026-09-07 09:00"
"""A Monday with no holiday near it."""

COMPLAINT = complaint_id("10300000001", "s-1", "03CC")


def case_context(**policy: Any) -> CaseContext:
    """The context of the reference data, with changes of its policy."""
    found = reference_policies().cases
    return replace(found, policy=replace(found.policy, **policy))


def complaint(opened_at: int, **fields: Any) -> Complaint:
    """A complaint of office 03CC about official o-rated."""
    given: dict[str, Any] = {
        "complaint_id": COMPLAINT,
        "version": 1,
        "sheet_id": "s-1",
        "office": "03CC",
        "declaration_no": "103000000010",
        "tax_code": ENTERPRISE,
        "track": "FEEDBACK",
        "state": ComplaintState.OPENED,
        "opened_at": opened_at,
        "first_deadline_at": opened_at,
        "first_deadline_rule": "FIRST_LOOK",
        "resolve_deadline_at": opened_at,
        "resolve_deadline_rule": "RESOLVE",
        "lowest_score": 1,
        "low_items": (),
        "excluded_officials": ("o-rated",),
        "has_comment": True,
        "has_contact": False,
        "changed_at": opened_at,
        "content_since": opened_at,
    }
    return Complaint(**{**given, **fields})


def bare_complaint(opened_at: int, **fields: Any) -> Complaint:
    """A low score that says nothing else: a signal."""
    bare = {"has_comment": False, "case_track": CaseTrack.SIGNAL, "content_since": None}
    return complaint(opened_at, **{**bare, **fields})


def remark(opened_at: int, **fields: Any) -> Complaint:
    """A comment on a sheet without a low score."""
    said = {"lowest_score": 5, "case_track": CaseTrack.REMARK, "content_since": None}
    return complaint(opened_at, **{**said, **fields})


def action(name: str, acted_at: int, number: int = 0, **fields: Any) -> ComplaintAction:
    """A complete action, done by an actor who may do it."""
    theirs = {CaseAction.SUPPLY, CaseAction.RATE_HANDLING, CaseAction.APPEAL, CaseAction.WITHDRAW}
    by_enterprise = name in theirs
    given: dict[str, Any] = {
        "action_id": f"{name}-{acted_at}-{number}",
        "complaint_id": COMPLAINT,
        "action": name,
        "acted_at": acted_at,
        "actor_role": ActorRole.ENTERPRISE if by_enterprise else ActorRole.HANDLER,
        "actor": ENTERPRISE if by_enterprise else "o-head",
        "unit": None if by_enterprise else "03CC",
    }
    needs: dict[str, dict[str, Any]] = {
        "RESOLVE": {"finding": "UPHELD", "text": "found", "measures": "done"},
        "REJECT": {"text": "not ours"},
        "ANSWER": {"text": "answer"},
        "THANK": {"text": "thanks"},
        "REVEAL": {"text": "call back"},
        "ERASE": {"text": "asked for"},
        "RATE_HANDLING": {"score": 5},
        "CHANGE_TRACK": {"track": "COMPLAINT"},
        "TRANSFER": {"to_unit": "03EE"},
        "MERGE": {"other_complaint": complaint_id("10300000002", "s-2", "03CC")},
        "ABSORB": {"other_complaint": complaint_id("10300000002", "s-2", "03CC")},
    }
    return ComplaintAction(**{**given, **needs.get(name, {}), **fields})
