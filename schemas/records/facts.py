"""Records that the join and the assessment compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.records.base import Record


class MatchState(StrEnum):
    """Whether a rating item is joined with its declaration."""

    MATCHED = "MATCHED"
    UNMATCHED = "UNMATCHED"
    SUPERSEDED = "SUPERSEDED"


class UnmatchedReason(StrEnum):
    """Why no declaration is known for a rating item."""

    NOT_KNOWN = "NOT_KNOWN"
    GONE = "GONE"
    OTHER = "OTHER"


class Standing(StrEnum):
    """Whether a sheet comes from an enterprise of the declaration; meanings in the schema."""

    VERIFIED = "VERIFIED"
    UNSTATED = "UNSTATED"
    UNVERIFIED = "UNVERIFIED"
    FOREIGN = "FOREIGN"
    OTHER = "OTHER"


class Allegation(StrEnum):
    """What the words of a comment may allege; meanings in the schema."""

    PAYMENT = "PAYMENT"
    HARASSMENT = "HARASSMENT"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class RatedService(Record):
    """The joined fact."""

    fact_id: str
    version: int
    state: str
    sheet_id: str
    revision: int
    declaration_no: str
    submitted_at: int
    phase: str
    target: str
    office: str
    target_id: str
    score: int
    reason: str | None
    score_since: tuple[int, int, int, int, int]
    target_known: bool
    has_comment: bool
    has_contact: bool
    tax_code: str | None
    declaration_office: str | None
    declaration_team: str | None
    status: str | None
    channel: str | None
    kind: str | None
    status_count: int
    registered_at: int | None
    permitted_at: int | None
    document_minutes: int | None
    goods_minutes: int | None
    clearance_minutes: int | None
    on_time: bool | None
    unmatched_reason: str | None = None
    standing: str = Standing.UNSTATED
    counts: bool = True
    content_since: int | None = None
    allegations: tuple[str, ...] = ()


Counts = tuple[int, int, int, int, int]
"""Numbers of scores 1, 2, 3, 4, 5."""


@dataclass(frozen=True, slots=True)
class Satisfaction(Record):
    """Absolute score counts of one target as of the end of one pane."""

    target: str
    office: str
    target_id: str
    window_end: int
    version: int
    pane: Counts
    hour: Counts
    day: Counts
    week: Counts
    month: Counts


@dataclass(frozen=True, slots=True)
class OfficeCount(Record):
    """Opinions about one office in one pane."""

    office: str
    pane_start: int
    version: int
    opinions: int
    dissatisfied: int
    enterprises: tuple[str, ...]
    drivers: Mapping[str, int]
    scores: Mapping[str, int]
    complaint_ids: tuple[str, ...]
    satisfied_enterprises: tuple[str, ...] = ()
