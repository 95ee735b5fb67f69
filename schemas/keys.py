"""Keys of the topics, as bytes. Joined topics have identical keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schemas.records.alerts import Alert
from schemas.records.base import Record
from schemas.records.cases import ComplaintAnswer, ComplaintCase, ComplaintEvent
from schemas.records.complaints import Complaint
from schemas.records.dead_letters import DeadLetterAction
from schemas.records.events import ContactKey
from schemas.records.facts import OfficeCount, RatedService, Satisfaction

OutputRecord = (
    RatedService | Satisfaction | OfficeCount | Complaint | ComplaintCase | ComplaintEvent | ComplaintAnswer | Alert
)
"""Records that processing stages write."""

OwnRecord = OutputRecord | ContactKey | DeadLetterAction
"""Records that hailong itself writes."""

KEY_DIGITS = 11
"""Digits of a declaration number that an amendment does not change; the twelfth digit counts amendments."""


def declaration_key(declaration_no: str) -> bytes:
    """Key of status and rating events: the digits that an amendment does not change."""
    return declaration_no[:KEY_DIGITS].encode()


def alert_key(alert_id: str) -> bytes:
    """Key of all records about one alert."""
    return alert_id.encode()


def complaint_key(complaint_id: str) -> bytes:
    """Key of all records about one complaint."""
    return complaint_id.encode()


_KEYS: Mapping[type[Record], Callable[[Any], bytes]] = {
    RatedService: lambda record: record.office.encode(),
    Satisfaction: lambda record: f"{record.target}|{record.office}|{record.target_id}|{record.window_end}".encode(),
    OfficeCount: lambda record: f"{record.office}|{record.pane_start}".encode(),
    Complaint: lambda record: complaint_key(record.complaint_id),
    ComplaintCase: lambda record: complaint_key(record.complaint_id),
    ComplaintEvent: lambda record: complaint_key(record.complaint_id),
    ComplaintAnswer: lambda record: declaration_key(record.declaration_no),
    ContactKey: lambda record: record.key_id.encode(),
    Alert: lambda record: alert_key(record.alert_id),
    DeadLetterAction: lambda record: record.dead_letter_id.encode(),
}


def key_of(record: OwnRecord) -> bytes:
    """Key of a record that hailong itself writes."""
    return _KEYS[type(record)](record)
