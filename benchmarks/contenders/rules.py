"""The join for frameworks with keyed state, as their users would write it.

The value of a declaration is a plain JSON object with its statuses and its sheets. Adding a record returns the facts
that change. Facts are computed one declaration at a time (`as_of.py`, `facts.py`), and tests compare them with the
columns of hailong: contenders differ only in how they move and store data.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from benchmarks.contenders.as_of import StatusRow, context_as_of, known_rows, standing_of
from benchmarks.contenders.facts import records_of
from processors.domain.join.sheet_store import Revision, StoredSheet
from processors.stages.reference_policies import reference_context
from schemas.codec.record import decoder, encoder
from schemas.codec.wire import HEADER_BYTES
from schemas.keys import key_of
from schemas.records.events import Rating
from schemas.reference.calendar import load_calendar
from schemas.reference.offices import load_offices
from schemas.topics import Topic
from schemas.vectorized.status_reader import STATUSES

Value = dict[str, Any]
Encoded = tuple[bytes, bytes]
"""Key and value of a fact."""

_CALENDAR, _DIRECTORY, _LIMITS = load_calendar(), load_offices(), reference_context().limits
_WORDS = reference_context().words
_OWN = ("crc", "has_text", "allegations")
"""What the value of a sheet has beside the fields of its record."""
_read_status = decoder(Topic.DECLARATION_STATUS.subject)
_read_rating = decoder(Topic.RATING.subject)
_write_fact = encoder(Topic.RATED_SERVICE.subject)


def empty() -> Value:
    """The value of an unknown declaration."""
    return {"statuses": [], "sheets": {}}


def add_status(known: Value, record: bytes) -> tuple[Value, list[Encoded]]:
    """Add a status event; returns the facts that change."""
    status = _read_status(record)
    names = ("occurred_at", "status", "office", "team", "channel", "kind", "tax_code", "event_id")
    row = [*(status[name] for name in names), zlib.crc32(record[HEADER_BYTES:])]
    if row in known["statuses"]:
        return known, []
    known["statuses"].append(row)
    return known, list(_facts(known, known["sheets"])) if known["sheets"] else []


def add_rating(known: Value, record: bytes) -> tuple[Value, list[Encoded]]:
    """Add a rating sheet; returns the facts that are new or change."""
    rating = _read_rating(record)
    crc = zlib.crc32(record[HEADER_BYTES:])
    contents = known["sheets"].setdefault(rating["sheet_id"], {})
    identity = f"{rating['revision']}.{crc}"
    if identity in contents:
        return known, []
    comment = rating["comment"] or ""
    said = {"has_text": any(letter.isalnum() for letter in comment), "allegations": _WORDS.kinds_in(comment)}
    secret = {"contact": bool(rating["contact"]), "comment": bool(comment)}
    contents[identity] = {**rating, **secret, **said, "crc": crc}
    return known, list(_facts(known, [rating["sheet_id"]]))


def _facts(known: Value, sheet_ids: Any) -> Iterator[Encoded]:
    history = sorted(
        map(_row, known["statuses"]), key=lambda row: (row.occurred_at, STATUSES.index(row.status), row.crc)
    )
    for sheet_id in sheet_ids:
        records = [_revision(content) for content in known["sheets"][sheet_id].values()]
        key = int(records[0].declaration_no[:11])
        sheet = StoredSheet(key, sheet_id)
        for record in records:
            sheet.add_revision(record)
        submitted_at, bearing = sheet.latest.submitted_at, known_rows(history, sheet.bears_until)
        context = context_as_of(history, submitted_at, _CALENDAR, _LIMITS)
        standing = standing_of(history, sheet.bears_until, sheet.latest.tax_code)
        for fact in records_of(sheet, context, standing, bearing, _DIRECTORY):
            yield key_of(fact), _write_fact(fact.to_avro())


def _row(row: list[Any]) -> StatusRow:
    occurred_at, status, office, team, channel, kind, tax_code, event_id, crc = row
    event = zlib.crc32(event_id.encode())  # identifies the event within one declaration
    return StatusRow(occurred_at, status, office, team, channel, kind, tax_code, event, crc)


def _revision(content: dict[str, Any]) -> Revision:
    rating = Rating.from_avro({name: value for name, value in content.items() if name not in _OWN})
    return Revision(
        revision=rating.revision,
        crc=content["crc"],
        submitted_at=rating.submitted_at,
        phase=rating.phase,
        declaration_no=rating.declaration_no,
        tax_code=rating.tax_code,
        items=rating.items,
        has_comment=bool(content["comment"]),
        has_contact=content["contact"],
        has_text=content["has_text"],
        allegations=content["allegations"],
    )
