"""Broken records, as faulty systems send them. Each must become one dead letter and affect nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from producers.simulator.working_time import DAY_MS, END_MS, START_MS
from schemas.codec.record import encoder
from schemas.codec.wire import frame_header
from schemas.errors import Reason
from schemas.records.events import DeclarationStatus, Rating, RatingItem
from schemas.topics import Topic

_KEY = b"10599999999"
_NUMBER = "105999999990"
_UNKNOWN_SCHEMA = 9_999
_AT = START_MS + 10 * DAY_MS
_FAR_FUTURE_MS = 7_258_118_400_000  # the year 2200

_STATUS = DeclarationStatus("poison-01", _NUMBER, "REGISTERED", _AT, "03CC").to_avro()
_OFFICE_ITEM = RatingItem("OFFICE", "03CC", "03CC", 5)
_ITEM = _OFFICE_ITEM.to_avro()
_RATING = Rating("poison-02", 1, _NUMBER, None, _AT, "AFTER_CLEARANCE", (_OFFICE_ITEM,)).to_avro()

_Kind = tuple[Topic, bytes, bytes, Reason]
"""Topic, key, value, and why readers refuse it."""


@dataclass(frozen=True, slots=True)
class PoisonedRecord:
    """A broken record, the reason for which readers refuse it, and its arrival time in epoch milliseconds."""

    topic: Topic
    key: bytes
    value: bytes
    reason: Reason
    arrival_at: int


def poisoned_records() -> Sequence[PoisonedRecord]:
    """One record of every broken kind, spread over the days of the scenario, in order of arrival."""
    kinds = [*_broken_values(), *_broken_fields()]
    gap = (END_MS - START_MS) // (len(kinds) + 1)
    return [PoisonedRecord(*kind, START_MS + place * gap) for place, kind in enumerate(kinds, start=1)]


def _broken_values() -> list[_Kind]:
    """Values that cannot be decoded."""
    status, rating = Topic.DECLARATION_STATUS, Topic.RATING
    good_status, good_rating = encoder(status.subject)(_STATUS), encoder(rating.subject)(_RATING)
    return [
        (status, _KEY, b"\xde\xad\xbe\xef garbage", Reason.NOT_FRAMED),
        (status, _KEY, b'{"declaration_no": "105999999990"}', Reason.NOT_FRAMED),
        (status, _KEY, frame_header(_UNKNOWN_SCHEMA) + good_status[5:], Reason.UNKNOWN_SCHEMA),
        (status, _KEY, good_status[:-9], Reason.CORRUPT),
        (status, _KEY, good_status + b"\x00\x00", Reason.CORRUPT),
        (status, _KEY, b"", Reason.EMPTY),
        (rating, _KEY, b'{"score": 5}', Reason.NOT_FRAMED),
        (rating, _KEY, frame_header(_UNKNOWN_SCHEMA) + good_rating[5:], Reason.UNKNOWN_SCHEMA),
        (rating, _KEY, good_rating[: len(good_rating) // 2], Reason.CORRUPT),
        (rating, _KEY, b"\x00\x00", Reason.NOT_FRAMED),
    ]


def _broken_fields() -> list[_Kind]:
    """Records that can be decoded but break a rule."""
    return [
        _status(Reason.KEY_MISMATCH, key=b"30599999999"),
        _status(Reason.KEY_MISMATCH, key=b""),
        _status(Reason.BAD_FIELD, declaration_no="10599999999"),
        _status(Reason.BAD_FIELD, declaration_no="10599999999X"),
        _status(Reason.BAD_TIME, occurred_at=-1),
        _status(Reason.BAD_TIME, occurred_at=_FAR_FUTURE_MS),
        _rating(Reason.BAD_FIELD, items=[{**_ITEM, "score": 6}]),
        _rating(Reason.BAD_FIELD, items=[{**_ITEM, "score": 0}]),
        _rating(Reason.BAD_FIELD, items=[_ITEM, _ITEM]),
        _rating(Reason.BAD_FIELD, revision=0),
        _rating(Reason.BAD_FIELD, comment="x" * 5000),
    ]


def _status(reason: Reason, key: bytes = _KEY, **changes: Any) -> _Kind:
    value = encoder(Topic.DECLARATION_STATUS.subject)({**_STATUS, **changes})
    return Topic.DECLARATION_STATUS, key, value, reason


def _rating(reason: Reason, **changes: Any) -> _Kind:
    return Topic.RATING, _KEY, encoder(Topic.RATING.subject)({**_RATING, **changes}), reason
