"""Check and encode an event before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from producers.sdk.metrics import REFUSED
from schemas.catalogue import latest, parsed
from schemas.codec.record import encoder
from schemas.errors import HailongError, PoisonRecord, Problem
from schemas.keys import alert_key, complaint_key, declaration_key, key_of
from schemas.records.alerts import AlertAction
from schemas.records.cases import ComplaintAction
from schemas.records.events import ContactKey, DeclarationStatus, Rating
from schemas.topics import Topic
from schemas.validation.record import action_problems, alert_action_problems, rating_problems, status_problems
from schemas.validation.shape import quick_check, shape_problems

_RULES: Mapping[Topic, Callable[[Mapping[str, Any], int, bytes | None], Sequence[Problem]]] = {
    Topic.DECLARATION_STATUS: status_problems,
    Topic.RATING: rating_problems,
    Topic.COMPLAINT_ACTION: action_problems,
    Topic.ALERT_ACTION: alert_action_problems,
}
_KEYS: Mapping[Topic, Callable[[Mapping[str, Any]], bytes]] = {
    Topic.DECLARATION_STATUS: lambda record: declaration_key(record["declaration_no"]),
    Topic.RATING: lambda record: declaration_key(record["declaration_no"]),
    Topic.COMPLAINT_ACTION: lambda record: complaint_key(record["complaint_id"]),
    Topic.ALERT_ACTION: lambda record: alert_key(record["alert_id"]),
}
_ENCODERS = {topic: encoder(topic.subject) for topic in _RULES}
_ENCODE_CONTACT_KEY = encoder(Topic.CONTACT_KEY.subject)
_SCHEMAS = {topic: parsed(latest(topic.subject).schema_id) for topic in _RULES}
_QUICK = {topic: quick_check(schema) for topic, schema in _SCHEMAS.items()}


MOST_PROBLEMS = 100
"""Of one event: a hostile list of a million items would otherwise fill the memory with what is wrong with them."""


class InvalidEvent(HailongError):
    """An event breaks rules of the contract and was not sent; `problems` has each rule and field, never values."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


def encoded_status(event: DeclarationStatus, now: int) -> tuple[bytes, bytes]:
    """Key and value of a status event; arguments and errors as `encoded_fields`."""
    return encoded_fields(Topic.DECLARATION_STATUS, event.to_avro(), now)


def encoded_rating(sheet: Rating, now: int) -> tuple[bytes, bytes]:
    """Key and value of a rating sheet; arguments and errors as `encoded_fields`."""
    return encoded_fields(Topic.RATING, sheet.to_avro(), now)


def encoded_action(action: ComplaintAction, now: int) -> tuple[bytes, bytes]:
    """Key and value of a complaint action; arguments and errors as `encoded_fields`."""
    return encoded_fields(Topic.COMPLAINT_ACTION, action.to_avro(), now)


def encoded_alert_action(action: AlertAction, now: int) -> tuple[bytes, bytes]:
    """Key and value of an alert action; arguments and errors as `encoded_fields`."""
    return encoded_fields(Topic.ALERT_ACTION, action.to_avro(), now)


def encoded_contact_key(contact_key: ContactKey) -> tuple[bytes, bytes]:
    """Key and value of the record that holds a contact's key."""
    return key_of(contact_key), _ENCODE_CONTACT_KEY(contact_key.to_avro())


def encoded_fields(topic: Topic, record: Mapping[str, Any], now: int) -> tuple[bytes, bytes]:
    """Check an event, and return its key and value.

    Args:
        topic: `DECLARATION_STATUS`, `RATING`, `COMPLAINT_ACTION` or `ALERT_ACTION`.
        record: The fields of its schema; a value of a wrong type is a problem like any other.
        now: The time now, epoch milliseconds: an event may be at most a day ahead of it.

    Raises:
        InvalidEvent: It breaks rules; lists them, at most `MOST_PROBLEMS`. Values are checked once all types fit.
    """
    if not _QUICK[topic](record):
        _raise_any(topic, list(islice(shape_problems(record, _SCHEMAS[topic]), MOST_PROBLEMS)))
        record = _with_defaults(record, _SCHEMAS[topic])
    try:
        value = _ENCODERS[topic](record)
    except PoisonRecord as poison:
        problems = list(islice(shape_problems(record, _SCHEMAS[topic]), MOST_PROBLEMS))
        _raise_any(topic, problems or [Problem("event", poison.reason, f"must fit: {poison.detail}")])
        raise
    key = _KEYS[topic](record)
    _raise_any(topic, _RULES[topic](record, now, key))
    return key, value


def _with_defaults(record: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record with defaults for omitted fields: an integrator need not know fields that were added later."""
    complete = {**{field["name"]: field.get("default") for field in schema["fields"]}, **record}
    for field in schema["fields"]:
        kind = field["type"]
        if isinstance(kind, dict) and kind["type"] == "array":
            complete[field["name"]] = [_with_defaults(item, kind["items"]) for item in complete[field["name"]]]
    return complete


def _raise_any(topic: Topic, problems: Sequence[Problem]) -> None:
    if problems:
        REFUSED.labels(topic.subject).inc()
        raise InvalidEvent(problems)
