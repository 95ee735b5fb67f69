"""Typed records of the contract: one frozen dataclass for each Avro record, with the same field names.

Times are epoch milliseconds, UTC. What the fields mean is said once, in `schemas/avro/*.avsc`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import Any, Self


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


class MatchState(StrEnum):
    """How a rating item stands to its declaration."""

    MATCHED = "MATCHED"
    UNMATCHED = "UNMATCHED"
    SUPERSEDED = "SUPERSEDED"


class Track(StrEnum):
    """Legal track of a complaint: phản ánh - kiến nghị, khiếu nại, tố cáo."""

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
    """What somebody may do about a complaint; `processors.domain.cases.table` says when."""

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
    REQUEST_ERASURE = "REQUEST_ERASURE"
    ERASE = "ERASE"


class ActorRole(StrEnum):
    """As what somebody acts."""

    ENTERPRISE = "ENTERPRISE"
    HANDLER = "HANDLER"


class Finding(StrEnum):
    """What the handling of a complaint found."""

    UPHELD = "UPHELD"
    PARTLY_UPHELD = "PARTLY_UPHELD"
    NOT_UPHELD = "NOT_UPHELD"
    REJECTED = "REJECTED"


class CasePhase(StrEnum):
    """What a legal limit of a case asks for."""

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
    SHEET_CHANGED = "SHEET_CHANGED"
    RETRACTED = "RETRACTED"


class AlertState(StrEnum):
    """Where an alert stands."""

    OPEN = "OPEN"
    CLEARED = "CLEARED"
    RETRACTED = "RETRACTED"


class Detector(StrEnum):
    """Which test raised an alert."""

    BURST = "BURST"
    DRIFT = "DRIFT"


class Record:
    """Base of the records: to and from the dictionaries that fastavro writes and reads."""

    __slots__ = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro writes it."""
        names, values = _reader(type(self))
        return {name: _plain(value) for name, value in zip(names, values(self), strict=True)}

    @classmethod
    def from_avro(cls, record: Mapping[str, Any]) -> Self:
        """The record from what a decoder of its subject returned."""
        return cls(**record)


_READERS: dict[type, tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]] = {}


def _reader(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Names of a record's fields, and what reads them, looked up once for each class."""
    found = _READERS.get(kind)
    if found is None:
        names = tuple(field.name for field in fields(kind))
        found = _READERS[kind] = names, attrgetter(*names)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_avro()
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


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

    @classmethod
    def from_avro(cls, record: Mapping[str, Any]) -> Self:
        """The sheet from what the decoder of `rating` returned."""
        items = tuple(RatingItem(**item) for item in record["items"])
        return cls(**{**record, "items": items})


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

    @classmethod
    def from_avro(cls, record: Mapping[str, Any]) -> Self:
        """The fact from what the decoder of `rated-service` returned."""
        return cls(**{**record, "score_since": tuple(record["score_since"])})


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

    @classmethod
    def from_avro(cls, record: Mapping[str, Any]) -> Self:
        """The count from what the decoder of `office-count` returned."""
        lists = {name: tuple(record[name]) for name in ("enterprises", "complaint_ids")}
        return cls(**{**record, **lists})


@dataclass(frozen=True, slots=True)
class LowItem(Record):
    """A score at or below the complaint threshold."""

    target: str
    target_id: str
    score: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Complaint(Record):
    """The low scores of one sheet at one office, as they stand now."""

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

    @classmethod
    def from_avro(cls, record: Mapping[str, Any]) -> Self:
        """The complaint from what the decoder of `complaint` returned."""
        items = tuple(LowItem(**item) for item in record["low_items"])
        lists = {name: tuple(record[name]) for name in ("excluded_officials", "priority_reasons")}
        return cls(**{**record, "low_items": items, **lists})


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
        """Who acts, of handlers alone: the tax code of an enterprise would tell who sent a denunciation."""
        return self.actor if self.actor_role == ActorRole.HANDLER else None


@dataclass(frozen=True, slots=True)
class ContactKey(Record):
    """The key that opens the contact of one sheet, itself sealed."""

    key_id: str
    sheet_id: str
    declaration_no: str
    created_at: int
    sealed_by: str
    sealed_key: bytes


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

    @classmethod
    def from_avro(cls, record: Mapping[str, Any]) -> Self:
        """The case from what the decoder of `complaint-case` returned."""
        lists = {name: tuple(record[name]) for name in ("priority_reasons", "absorbed", "excluded_officials")}
        return cls(**{**record, **lists, "clocks": tuple(Clock(**clock) for clock in record["clocks"])})


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


@dataclass(frozen=True, slots=True)
class Driver(Record):
    """What stands out among the low scores behind an alert."""

    name: str
    low_scores: int


@dataclass(frozen=True, slots=True)
class TargetEvidence(Record):
    """A team or step of an office that an alert is about, tested by itself."""

    target: str
    target_id: str
    scores: int
    low_scores: int
    expected: float
    tail_probability: float
    cusum: float

    @property
    def name(self) -> str:
        """As in `drivers`."""
        return f"{self.target}:{self.target_id}"


@dataclass(frozen=True, slots=True)
class Alert(Record):
    """A spike of dissatisfaction, with its evidence."""

    alert_id: str
    version: int
    office: str
    state: str
    detector: str
    raised_at: int
    updated_at: int
    cleared_at: int | None
    window_seconds: int
    opinions: int
    dissatisfied: int
    enterprises: int
    baseline: float
    baseline_strength: float
    expected: float
    tail_probability: float
    adjusted_probability: float
    cusum: float
    drivers: tuple[Driver, ...]
    targets: tuple[TargetEvidence, ...]
    complaint_ids: tuple[str, ...]
    summary_vi: str
    summary_en: str

    @classmethod
    def from_avro(cls, record: Mapping[str, Any]) -> Self:
        """The alert from what the decoder of `alert` returned."""
        drivers = tuple(Driver(**driver) for driver in record["drivers"])
        targets = tuple(TargetEvidence(**target) for target in record["targets"])
        lists = {"drivers": drivers, "targets": targets, "complaint_ids": tuple(record["complaint_ids"])}
        return cls(**{**record, **lists})


@dataclass(frozen=True, slots=True)
class DeadLetter(Record):
    """A refused record, kept whole."""

    dead_letter_id: str
    stage: str
    topic: str
    topic_id: str
    partition: int
    offset: int
    recorded_at: int
    reason: str
    detail: str
    schema_id: int | None
    key: bytes | None
    value: bytes
    value_size: int


class LetterAction(StrEnum):
    """What a person may decide about a dead letter."""

    REPLAYED = "REPLAYED"
    DISCARDED = "DISCARDED"


@dataclass(frozen=True, slots=True)
class DeadLetterAction(Record):
    """What a person decided about a dead letter."""

    action_id: str
    version: int
    dead_letter_id: str
    action: str
    acted_at: int
    actor: str
    note: str | None
    replayed_partition: int | None
    replayed_offset: int | None
