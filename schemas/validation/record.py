"""Checks of single events: for the SDK and file import (all problems at once) and for ratings on the way in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.contacts.envelope import SEALED_RULE, is_sealed
from schemas.errors import Problem, Reason
from schemas.keys import alert_key, complaint_key, declaration_key
from schemas.records.alerts import AlertActionKind
from schemas.validation import rules


def status_problems(record: Mapping[str, Any], written_at: int, key: bytes | None) -> list[Problem]:
    """What is wrong with a status event that fits its schema.

    Args:
        record: Fields of `declaration-status`.
        written_at: Kafka timestamp of the record, or the current time before it is sent; epoch milliseconds.
        key: Key of the Kafka record.

    Returns:
        Problems in field order; empty when the event is good.
    """
    return [
        *_key(record["declaration_no"], key),
        *_texts(record, rules.STATUS_TEXTS),
        *_time("occurred_at", record["occurred_at"], written_at),
    ]


def rating_problems(record: Mapping[str, Any], written_at: int, key: bytes | None) -> list[Problem]:
    """What is wrong with a rating sheet that fits its schema; arguments and result as `status_problems`."""
    return [
        *_key(record["declaration_no"], key),
        *_texts(record, rules.RATING_TEXTS),
        *_time("submitted_at", record["submitted_at"], written_at),
        *_range("revision", record["revision"], 1, rules.MAX_REVISION),
        *_size("comment", record["comment"], rules.MAX_COMMENT),
        *_size("contact", record["contact"], rules.MAX_CONTACT),
        *_sealed(record["contact"]),
        *_items(record["items"]),
    ]


def action_problems(record: Mapping[str, Any], written_at: int, key: bytes | None) -> list[Problem]:
    """What is wrong with a complaint action that fits its schema; arguments and result as `status_problems`."""
    found = [
        *_texts(record, rules.ACTION_TEXTS),
        *_time("acted_at", record["acted_at"], written_at),
        *_size("text", record["text"], rules.MAX_COMMENT),
        *_size("measures", record["measures"], rules.MAX_COMMENT),
    ]
    if key != complaint_key(record["complaint_id"]):
        found.insert(0, Problem("complaint_id", Reason.KEY_MISMATCH, rules.COMPLAINT_KEY_RULE))
    if record["score"] is not None:
        found.extend(_range("score", record["score"], 1, 5))
    return found


def alert_action_problems(record: Mapping[str, Any], written_at: int, key: bytes | None) -> list[Problem]:
    """What is wrong with an alert action that fits its schema; arguments and result as `status_problems`.

    Nothing judges it later, so an action that this version does not know is refused here.
    """
    found = [
        *_texts(record, rules.ALERT_ACTION_TEXTS),
        *_time("acted_at", record["acted_at"], written_at),
        *_size("text", record["text"], rules.MAX_COMMENT),
    ]
    if key != alert_key(record["alert_id"]):
        found.insert(0, Problem("alert_id", Reason.KEY_MISMATCH, rules.ALERT_KEY_RULE))
    if (record["action"] == AlertActionKind.ASSIGNED) != (record["assignee"] is not None):
        found.append(Problem("assignee", Reason.BAD_FIELD, rules.ASSIGNEE_RULE))
    if record["action"] == AlertActionKind.EXPLAINED and not (record["text"] or "").strip():
        found.append(Problem("text", Reason.BAD_FIELD, rules.EXPLANATION_RULE))
    return found


def _items(items: list[Mapping[str, Any]]) -> Iterator[Problem]:
    if not 1 <= len(items) <= rules.MAX_ITEMS:
        yield Problem("items", Reason.BAD_FIELD, f"must be 1 to {rules.MAX_ITEMS} scores")
        return
    seen: set[tuple[str, str, str]] = set()
    for number, item in enumerate(items):
        path = f"items[{number}]."
        yield from _range(path + "score", item["score"], 1, 5)
        yield from _texts(item, rules.RATING_ITEM_TEXTS, path)
        yield from _texts(item, {"target_id": rules.TARGET_IDS[item["target"]]}, path)
        if item["target"] == "OFFICE" and item["target_id"] != item["office"]:
            yield Problem(path + "target_id", Reason.BAD_FIELD, "must equal the office, for target OFFICE")
        identity = (item["target"], item["office"], item["target_id"])
        if identity in seen:
            yield Problem(path + "target", Reason.BAD_FIELD, "must not be rated twice on one sheet")
        seen.add(identity)


def _key(declaration_no: str, key: bytes | None) -> Iterator[Problem]:
    if key != declaration_key(declaration_no):
        yield Problem("declaration_no", Reason.KEY_MISMATCH, rules.DECLARATION_KEY_RULE)


def _texts(record: Mapping[str, Any], wanted: Mapping[str, rules.TextRule], path: str = "") -> Iterator[Problem]:
    for name, rule in wanted.items():
        value = record[name]
        if value is not None and not rule.accepts(value):
            yield Problem(path + name, Reason.BAD_FIELD, rule.rule)


def _time(name: str, value: int, written_at: int) -> Iterator[Problem]:
    if not (rules.EARLIEST_MS <= value < rules.LATEST_MS and value <= written_at + rules.FUTURE_TOLERANCE_MS):
        yield Problem(name, Reason.BAD_TIME, rules.TIME_RULE)


def _range(name: str, value: int, low: int, high: int) -> Iterator[Problem]:
    if not low <= value <= high:
        yield Problem(name, Reason.BAD_FIELD, f"must be {low} to {high}")


def _sealed(contact: bytes | None) -> Iterator[Problem]:
    if contact is not None and not is_sealed(contact):
        yield Problem("contact", Reason.BAD_FIELD, SEALED_RULE)


def _size(name: str, value: str | bytes | None, limit: int) -> Iterator[Problem]:
    if value is not None and len(value) > limit:
        unit = "characters" if isinstance(value, str) else "bytes"
        yield Problem(name, Reason.BAD_FIELD, f"must be at most {limit} {unit}")
