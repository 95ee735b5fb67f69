"""Typed records of the contract: one frozen dataclass for each Avro record, with the same field names.

Times are epoch milliseconds, UTC. What the fields mean is said once, in `schemas/avro/*.avsc`.
"""

from schemas.records.alerts import Alert, AlertState, Detector, Driver, TargetEvidence
from schemas.records.base import Record
from schemas.records.cases import (
    ActorRole,
    CaseAction,
    CaseEventKind,
    CasePhase,
    CaseState,
    Clock,
    ComplaintAction,
    ComplaintAnswer,
    ComplaintCase,
    ComplaintEvent,
    Finding,
)
from schemas.records.complaints import Complaint, ComplaintState, LowItem, Priority, Track
from schemas.records.dead_letters import DeadLetter, DeadLetterAction, DeadLetterActionKind
from schemas.records.events import Channel, ContactKey, DeclarationStatus, Phase, Rating, RatingItem, Status, Target
from schemas.records.facts import Counts, MatchState, OfficeCount, RatedService, Satisfaction

__all__ = [
    "ActorRole",
    "Alert",
    "AlertState",
    "CaseAction",
    "CaseEventKind",
    "CasePhase",
    "CaseState",
    "Channel",
    "Clock",
    "Complaint",
    "ComplaintAction",
    "ComplaintAnswer",
    "ComplaintCase",
    "ComplaintEvent",
    "ComplaintState",
    "ContactKey",
    "Counts",
    "DeadLetter",
    "DeadLetterAction",
    "DeadLetterActionKind",
    "DeclarationStatus",
    "Detector",
    "Driver",
    "Finding",
    "LowItem",
    "MatchState",
    "OfficeCount",
    "Phase",
    "Priority",
    "RatedService",
    "Rating",
    "RatingItem",
    "Record",
    "Satisfaction",
    "Status",
    "Target",
    "TargetEvidence",
    "Track",
]
