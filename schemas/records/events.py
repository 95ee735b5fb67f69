"""Records from outside: statuses of declarations, rating sheets, and keys of contacts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.records.base import Record


class Status(StrEnum):
    """Statuses of a declaration; `schemas/reference/data/statuses.csv` has their VNACCS messages."""

    PRE_REGISTERED = "PRE_REGISTERED"
    REGISTERED = "REGISTERED"
    CHANNEL_ASSIGNED = "CHANNEL_ASSIGNED"
    OFFICIAL_ASSIGNED = "OFFICIAL_ASSIGNED"
    AMENDED_BY_DECLARANT = "AMENDED_BY_DECLARANT"
    AMENDED_BY_CUSTOMS = "AMENDED_BY_CUSTOMS"
    CUSTOMS_INSTRUCTION = "CUSTOMS_INSTRUCTION"
    DOCUMENTS_CHECKED = "DOCUMENTS_CHECKED"
    INSPECTION_REQUIRED = "INSPECTION_REQUIRED"
    INSPECTION_WITHDRAWN = "INSPECTION_WITHDRAWN"
    GOODS_INSPECTED = "GOODS_INSPECTED"
    RELEASE_REQUESTED = "RELEASE_REQUESTED"
    STORAGE_PERMITTED = "STORAGE_PERMITTED"
    RELEASED = "RELEASED"
    CLEARED = "CLEARED"
    WAREHOUSE_IN = "WAREHOUSE_IN"
    WAREHOUSE_OUT = "WAREHOUSE_OUT"
    POST_AMEND_REGISTERED = "POST_AMEND_REGISTERED"
    POST_AMEND_ACCEPTED = "POST_AMEND_ACCEPTED"
    POST_AMEND_REFUSED = "POST_AMEND_REFUSED"
    CANCELLED = "CANCELLED"
    TAX_CONFIRMED = "TAX_CONFIRMED"
    SUPERVISION_PASSED = "SUPERVISION_PASSED"
    OTHER = "OTHER"


class Channel(StrEnum):
    """Luồng: how closely a declaration is checked."""

    GREEN = "GREEN"
    YELLOW = "YELLOW"
    RED = "RED"


class Phase(StrEnum):
    """When a sheet was opened."""

    DURING_CLEARANCE = "DURING_CLEARANCE"
    AFTER_CLEARANCE = "AFTER_CLEARANCE"


class Target(StrEnum):
    """What a score is given to."""

    OFFICE = "OFFICE"
    TEAM = "TEAM"
    STEP = "STEP"
    OFFICIAL = "OFFICIAL"


@dataclass(frozen=True, slots=True)
class DeclarationStatus(Record):
    """One change of a declaration's status."""

    event_id: str
    declaration_no: str
    status: str
    occurred_at: int
    office: str
    team: str | None = None
    step: str | None = None
    official: str | None = None
    channel: str | None = None
    kind: str | None = None
    tax_code: str | None = None
    source_message: str | None = None


@dataclass(frozen=True, slots=True)
class RatingItem(Record):
    """One score on a sheet."""

    target: str
    office: str
    target_id: str
    score: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Rating(Record):
    """One revision of a rating sheet."""

    sheet_id: str
    revision: int
    declaration_no: str
    tax_code: str | None
    submitted_at: int
    phase: str
    items: tuple[RatingItem, ...]
    comment: str | None = None
    contact: bytes | None = None


@dataclass(frozen=True, slots=True)
class ContactKey(Record):
    """The key that opens the contact of one sheet, itself sealed."""

    key_id: str
    sheet_id: str
    declaration_no: str
    created_at: int
    sealed_by: str
    sealed_key: bytes
