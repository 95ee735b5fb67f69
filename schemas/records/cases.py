"""Cases: how complaints are handled, and what happens to them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.records.base import Record


class CaseState(StrEnum):
    """Where the handling of a complaint stands."""

    OPENED = "OPENED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    VERIFYING = "VERIFYING"
    WAITING = "WAITING"
    SUSPENDED = "SUSPENDED"
    RESOLVED = "RESOLVED"
    ANSWERED = "ANSWERED"
    CLOSED = "CLOSED"
    REOPENED = "REOPENED"
    WITHDRAWN = "WITHDRAWN"
    MERGED = "MERGED"


class CaseAction(StrEnum):
    """What somebody may do about a complaint; `processors.domain.cases.transitions` says when."""

    ACKNOWLEDGE = "ACKNOWLEDGE"
    VERIFY = "VERIFY"
    ASK = "ASK"
    SUPPLY = "SUPPLY"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    RESOLVE = "RESOLVE"
    REJECT = "REJECT"
    ANSWER = "ANSWER"
    CLOSE = "CLOSE"
    FILE = "FILE"
    THANK = "THANK"
    RATE_HANDLING = "RATE_HANDLING"
    APPEAL = "APPEAL"
    WITHDRAW = "WITHDRAW"
    MERGE = "MERGE"
    ABSORB = "ABSORB"
    TRANSFER = "TRANSFER"
    ESCALATE = "ESCALATE"
    CHANGE_TRACK = "CHANGE_TRACK"
    MARK_COMPLEX = "MARK_COMPLEX"
    HOLD = "HOLD"
    RELEASE_HOLD = "RELEASE_HOLD"
    REVEAL = "REVEAL"
    READ_COMMENT = "READ_COMMENT"
    REQUEST_ERASURE = "REQUEST_ERASURE"
    ERASE = "ERASE"


class ActorRole(StrEnum):
    """In which role somebody acts; OTHER: a role that this version does not know."""

    ENTERPRISE = "ENTERPRISE"
    HANDLER = "HANDLER"
    OTHER = "OTHER"


class Finding(StrEnum):
    """What the handling of a complaint found."""

    UPHELD = "UPHELD"
    PARTLY_UPHELD = "PARTLY_UPHELD"
    NOT_UPHELD = "NOT_UPHELD"
    REJECTED = "REJECTED"
    NOTED = "NOTED"


class CasePhase(StrEnum):
    """What a legal limit of a case requires."""

    ACKNOWLEDGE = "ACKNOWLEDGE"
    RESOLVE = "RESOLVE"
    ANSWER = "ANSWER"
    ERASE = "ERASE"


class CaseEventKind(StrEnum):
    """What may happen to a case."""

    OPENED = "OPENED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    REMINDER = "REMINDER"
    OVERDUE = "OVERDUE"
    ESCALATED = "ESCALATED"
    CLOSED = "CLOSED"
    NO_REPLY = "NO_REPLY"
    SHEET_CHANGED = "SHEET_CHANGED"
    RETRACTED = "RETRACTED"


@dataclass(frozen=True, slots=True)
class ComplaintAction(Record):
    """What somebody does about a complaint."""

    action_id: str
    complaint_id: str
    action: str
    acted_at: int
    actor_role: str
    actor: str | None = None
    unit: str | None = None
    to_unit: str | None = None
    track: str | None = None
    finding: str | None = None
    other_complaint: str | None = None
    score: int | None = None
    text: str | None = None
    measures: str | None = None

    @property
    def handler(self) -> str | None:
        """The acting handler; None for an enterprise, whose tax code would reveal the sender of a denunciation."""
        return self.actor if self.actor_role == ActorRole.HANDLER else None


@dataclass(frozen=True, slots=True)
class Clock(Record):
    """One legal limit of a case."""

    rule: str
    track: str
    phase: str
    started_at: int
    due_at: int | None
    paused_at: int | None = None
    extended_by: int = 0
    met_at: int | None = None
    ended_at: int | None = None


@dataclass(frozen=True, slots=True)
class ComplaintCase(Record):
    """A complaint's handling: full state after each event."""

    complaint_id: str
    version: int
    office: str
    unit: str
    level: int
    declaration_no: str | None
    sheet_id: str | None
    tax_code: str | None
    track: str
    state: str
    priority: str
    priority_reasons: tuple[str, ...]
    lowest_score: int
    opened_at: int
    changed_at: int
    acknowledged_at: int | None
    resolved_at: int | None
    answered_at: int | None
    closed_at: int | None
    finding: str | None
    handling_score: int | None
    asked: bool
    reopened: bool
    is_complex: bool
    legal_hold: bool
    merged_into: str | None
    absorbed: tuple[str, ...]
    excluded_officials: tuple[str, ...]
    clocks: tuple[Clock, ...]
    overdue: int
    next_due_at: int | None
    erased_at: int | None
    accepted_actions: int
    refused_actions: int


@dataclass(frozen=True, slots=True)
class ComplaintEvent(Record):
    """One thing that happened to a case."""

    event_id: str
    version: int
    complaint_id: str
    office: str
    unit: str
    kind: str
    occurred_at: int
    action_id: str | None
    action: str | None
    actor_role: str | None
    actor: str | None
    refusal: str | None
    state: str
    rule: str | None
    due_at: int | None


@dataclass(frozen=True, slots=True)
class ComplaintAnswer(Record):
    """The answer to an enterprise."""

    answer_id: str
    version: int
    complaint_id: str
    declaration_no: str
    sheet_id: str
    tax_code: str | None
    office: str
    unit: str
    track: str
    answered_at: int
    finding: str
    found: str | None
    measures: str | None
    text: str | None
    withdrawn: bool
