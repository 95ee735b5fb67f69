"""From the fields of a file to the fields of the contract: kind of event, times and contacts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from producers.files.report import FileKind, fault
from producers.files.sheets import int_of_digits
from producers.sdk.events import InvalidEvent
from schemas.contacts.sealing import Contact, SealingKeys, seal_with_own_key
from schemas.errors import Problem, Reason
from schemas.records.events import ContactKey
from schemas.topics import Topic
from schemas.validation.rules import IDENTITY

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TIMES = {Topic.DECLARATION_STATUS: "occurred_at", Topic.RATING: "submitted_at", Topic.COMPLAINT_ACTION: "acted_at"}

TOPICS = {
    FileKind.STATUS: Topic.DECLARATION_STATUS,
    FileKind.RATING: Topic.RATING,
    FileKind.ACTION: Topic.COMPLAINT_ACTION,
}
_TIME_RULE = "must be ISO 8601 with an offset, such as 2020-04-01T08:30:00+07:00, or epoch milliseconds"
_NO_KEYS = fault(
    "contact_name", "cannot be sealed, because there is no sealing key: set HAILONG_SEALING_KEYS, or leave it out"
)


def prepare(
    topic: Topic, fields: Mapping[str, object], keys: SealingKeys | None, now: int
) -> tuple[dict[str, object], ContactKey | None]:
    """Convert the fields of a file to a record; values that do not fit are left for the rules to refuse.

    If it has an unsealed contact, also returns the key of that contact, which must be sent with it.

    Args:
        topic: Topic of the event.
        fields: Names and values as in the file; the score of an action may be digits.
        keys: Sealing keys; None: an unsealed contact is refused.
        now: The time now, epoch milliseconds.

    Raises:
        InvalidEvent: A time has no offset, or a contact cannot be sealed.
    """
    record, problems, contact_key = dict(fields), list[Problem](), None
    time = _TIMES[topic]
    if record.get(time) is not None:
        record[time] = milliseconds(record[time])
        if record[time] is None:
            problems.append(fault(time, _TIME_RULE, Reason.BAD_TIME))
    if topic is Topic.RATING:
        found, contact_key = _seal_contact(record, keys, now)
        problems += found
    if topic is Topic.COMPLAINT_ACTION and "score" in record:
        record["score"] = int_of_digits(record["score"])
    if problems:
        raise InvalidEvent(problems)
    return record, contact_key


def milliseconds(value: object) -> int | None:
    """Epoch milliseconds of a time in a file; None if it is not a time, or has no UTC offset."""
    value = int_of_digits(value)
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    return (value - _EPOCH) // _MILLISECOND


def _seal_contact(
    record: dict[str, object], keys: SealingKeys | None, now: int
) -> tuple[list[Problem], ContactKey | None]:
    """Replace name and phone by the sealed contact; returns what is wrong with them, or the key that opens them."""
    clear = {name: record.pop(name, None) for name in ("contact_name", "contact_phone")}
    problem = _contact_problem(record, clear, keys)
    name, phone = clear["contact_name"], clear["contact_phone"]
    if problem or keys is None or (name is None and phone is None):
        return problem, None
    assert isinstance(name, str | None)  # else _contact_problem found a problem
    assert isinstance(phone, str | None)
    contact = Contact(name, phone)
    faults = contact.faults()
    sheet_id, declaration_no = record.get("sheet_id"), record.get("declaration_no")
    if faults or not (isinstance(sheet_id, str) and IDENTITY.accepts(sheet_id) and isinstance(declaration_no, str)):
        return [fault(field, rule) for field, rule in faults], None  # the rules refuse any other id
    record["contact"], contact_key = seal_with_own_key(contact, sheet_id, declaration_no, keys, now)
    return [], contact_key


def _contact_problem(record: dict[str, object], clear: Mapping[str, object], keys: SealingKeys | None) -> list[Problem]:
    given = [name for name, value in clear.items() if value is not None]
    if isinstance(record.get("contact"), str):
        try:
            record["contact"] = base64.b64decode(str(record["contact"]), validate=True)
        except (binascii.Error, ValueError):
            rule = "must be a sealed contact in base64; give an unsealed one as contact_name and contact_phone"
            return [fault("contact", rule)]
    if given and record.get("contact") is not None:
        return [fault("contact", "must not be given together with contact_name or contact_phone")]
    if given and keys is None:
        return [_NO_KEYS]
    return [fault(field, "must be text") for field in given if not isinstance(clear[field], str)]
