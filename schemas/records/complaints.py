"""Complaints as they are opened."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.records.base import Record


class Track(StrEnum):
    """Legal track: phản ánh - kiến nghị, khiếu nại, tố cáo. Only onto these an action may put a case."""

    FEEDBACK = "FEEDBACK"
    COMPLAINT = "COMPLAINT"
    DENUNCIATION = "DENUNCIATION"


class CaseTrack(StrEnum):
    """How a case is handled: on a legal track; or by a house rule.

    SIGNAL is a low score that says nothing else, REMARK a comment without a low score.
    """

    SIGNAL = "SIGNAL"
    REMARK = "REMARK"
    FEEDBACK = "FEEDBACK"
    COMPLAINT = "COMPLAINT"
    DENUNCIATION = "DENUNCIATION"


class ComplaintState(StrEnum):
    """Whether the low scores behind a complaint still stand."""

    OPENED = "OPENED"
    WITHDRAWN = "WITHDRAWN"


class Priority(StrEnum):
    """How urgent a complaint is."""

    NORMAL = "NORMAL"
    HIGH = "HIGH"


@dataclass(frozen=True, slots=True)
class LowItem(Record):
    """A score at or below the complaint threshold."""

    target: str
    target_id: str
    score: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Complaint(Record):
    """The low scores of one sheet at one office, as they stand now; or its comment, if no score there ever was low."""

    complaint_id: str
    version: int
    sheet_id: str
    office: str
    declaration_no: str
    tax_code: str | None
    track: str
    state: str
    opened_at: int
    first_deadline_at: int
    first_deadline_rule: str
    resolve_deadline_at: int
    resolve_deadline_rule: str
    lowest_score: int
    low_items: tuple[LowItem, ...]
    excluded_officials: tuple[str, ...]
    has_comment: bool
    has_contact: bool
    changed_at: int = 0
    priority: str = Priority.NORMAL
    priority_reasons: tuple[str, ...] = ()
    case_track: str = CaseTrack.FEEDBACK
    content_since: int | None = None
