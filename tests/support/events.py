"""Short ways to build events and batches in tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from schemas.batches.batch import RawBatch
from schemas.codec.record import encoder
from schemas.ids import fact_id
from schemas.keys import alert_key, complaint_key, declaration_key, key_of
from schemas.records.events import DeclarationStatus, Rating, RatingItem
from schemas.records.facts import RatedService
from schemas.topics import Topic

WRITTEN_AT = 1_600_000_000_000
"""Kafka timestamp of every record built here: after all event times used in tests."""

_ENCODERS = {topic: encoder(topic.subject) for topic in Topic}


def at(text: str) -> int:
    """Epoch milliseconds of a local (UTC+7) time such as `2020-05-13 08:30`."""
    local = datetime.fromisoformat(text + ":00+07:00")
    return int(local.astimezone(UTC).timestamp() * 1000)


def status(event_id: str, name: str, occurred_at: int, **fields: Any) -> DeclarationStatus:
    """A status event of declaration 103000000010 at office 03CC unless told otherwise."""
    given: dict[str, Any] = {"declaration_no": "103000000010", "office": "03CC", "tax_code": "0200100100"}
    return DeclarationStatus(event_id=event_id, status=name, occurred_at=occurred_at, **{**given, **fields})


def item(target: str = "OFFICE", target_id: str = "03CC", score: int = 5, **fields: Any) -> RatingItem:
    """A score, for office 03CC unless told otherwise."""
    return RatingItem(target=target, office=fields.pop("office", "03CC"), target_id=target_id, score=score, **fields)


def rating(sheet_id: str, revision: int, submitted_at: int, *items: RatingItem, **fields: Any) -> Rating:
    """A sheet on declaration 103000000010 unless told otherwise."""
    given: dict[str, Any] = {"declaration_no": "103000000010", "tax_code": None, "phase": "AFTER_CLEARANCE"}
    chosen = items or (item(),)
    return Rating(sheet_id=sheet_id, revision=revision, submitted_at=submitted_at, items=chosen, **{**given, **fields})


def unmatched_fact(sheet_id: str, declaration_no: str, submitted_at: int) -> RatedService:
    """The fact of the score 5 for office 03CC on a sheet whose declaration is not known."""
    given: dict[str, Any] = dict.fromkeys(field.name for field in fields(RatedService))
    given |= {
        "fact_id": fact_id(declaration_no[:11], sheet_id, "OFFICE", "03CC", "03CC"), "version": 65536,
        "state": "UNMATCHED", "unmatched_reason": "NOT_KNOWN", "sheet_id": sheet_id, "revision": 1,
        "declaration_no": declaration_no, "submitted_at": submitted_at, "phase": "AFTER_CLEARANCE", "target": "OFFICE",
        "office": "03CC", "target_id": "03CC", "score": 5, "score_since": (0, 0, 0, 0, submitted_at),
        "target_known": True, "has_comment": False, "has_contact": False, "status_count": 0,
        "standing": "UNVERIFIED", "counts": False, "content_since": 0, "allegations": (),
    }  # fmt: skip
    return RatedService(**given)


def value_of(record: Any, topic: Topic) -> bytes:
    """A record as encoded in Kafka."""
    return _ENCODERS[topic](record.to_avro())


def kafka_key(topic: Topic, record: Any) -> bytes:
    """The key under which a record lies in Kafka."""
    if topic in (Topic.DECLARATION_STATUS, Topic.RATING):
        return declaration_key(record.declaration_no)
    if topic is Topic.ALERT_ACTION:
        return alert_key(record.alert_id)
    return complaint_key(record.complaint_id) if topic is Topic.COMPLAINT_ACTION else key_of(record)


def batch(topic: Topic, records: Sequence[Any], *, first_offset: int = 0, written_at: int = WRITTEN_AT) -> RawBatch:
    """A batch of well-formed records, as it would come from Kafka, which took them all at one time."""
    keys = [kafka_key(topic, record) for record in records]
    values = [value_of(record, topic) for record in records]
    offsets = range(first_offset, first_offset + len(records))
    return RawBatch(topic, 0, offsets, [written_at] * len(records), keys, values)
