"""Records that nobody can use, as broken systems send them: each must cost only itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from producers.simulator.clock import DAY_MS, END_MS, START_MS
from schemas.codec.record import encoder
from schemas.codec.wire import frame_header
from schemas.errors import Reason
from schemas.records import DeclarationStatus, Rating, RatingItem
from schemas.topics import Topic

_KEY = b"10599999999"
_NUMBER = "105999999990"
_UNKNOWN_SCHEMA = 9_999
_AT = START_MS + 10 * DAY_MS
_FAR_FUTURE_MS = 7_258_118_400_000  # the year 2200

_STATUS = DeclarationStatus("poison-01", _NUMBER, "REGISTERED", _AT, "03CC").to_avro()
_ITEM = RatingItem("OFFICE", "03CC", "03CC", 5).to_avro()
_RATING = Rating(
    "poison-02", 1, _NUMBER, None, _AT, "AFTER_CLEARANCE", (RatingItem("OFFICE", "03CC", "03CC", 5),)
).to_avro()


@dataclass(frozen=True, slots=True)
class PoisonedRecord:
    """One bad record.

    Attributes:
        topic: Where it is sent.
        key: Its key.
        value: Its value.
        reason: Why it will be refused.
        arrival_at: When it arrives, epoch milliseconds.
    """

    topic: Topic
    key: bytes
    value: bytes
    reason: Reason
    arrival_at: int


def poisoned_records() -> Sequence[PoisonedRecord]:
    """Every kind of bad record, spread over the days of the scenario, in order of arrival."""
    kinds = [*_broken_values(), *_broken_fields()]
    gap = (END_MS - START_MS) // (len(kinds) + 1)
    return [
        PoisonedRecord(topic, key, value, reason, START_MS + place * gap)
        for place, (topic, key, value, reason) in enumerate(kinds, start=1)
    ]


_Kind = tuple[Topic, bytes, bytes, Reason]


def _broken_values() -> list[_Kind]:
    """Values that are no record at all."""
    status, rating = (encoder(topic.subject) for topic in (Topic.DECLARATION_STATUS, Topic.RATING))
    good_status, good_rating = status(_STATUS), rating(_RATING)
    in_status = [
        (b"\xde\xad\xbe\xef garbage", Reason.NOT_FRAMED),
        (b'{"declaration_no": "105999999990"}', Reason.NOT_FRAMED),
        (frame_header(_UNKNOWN_SCHEMA) + good_status[5:], Reason.UNKNOWN_SCHEMA),
        (good_status[:-9], Reason.CORRUPT),
        (good_status + b"\x00\x00", Reason.CORRUPT),
        (b"", Reason.EMPTY),
    ]
    in_rating = [
        (b'{"score": 5}', Reason.NOT_FRAMED),
        (frame_header(_UNKNOWN_SCHEMA) + good_rating[5:], Reason.UNKNOWN_SCHEMA),
        (good_rating[: len(good_rating) // 2], Reason.CORRUPT),
        (b"\x00\x00", Reason.NOT_FRAMED),
    ]
    return [
        *((Topic.DECLARATION_STATUS, _KEY, value, reason) for value, reason in in_status),
        *((Topic.RATING, _KEY, value, reason) for value, reason in in_rating),
    ]


def _broken_fields() -> list[_Kind]:
    """Records that can be read and must not be believed."""
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
    topic = Topic.DECLARATION_STATUS
    return topic, key, encoder(topic.subject)({**_STATUS, **changes}), reason


def _rating(reason: Reason, **changes: Any) -> _Kind:
    return Topic.RATING, _KEY, encoder(Topic.RATING.subject)({**_RATING, **changes}), reason
