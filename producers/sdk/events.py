"""Checking and encoding an event before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from schemas.codec import encoder
from schemas.errors import HailongError, PoisonRecord, Problem
from schemas.keys import declaration_key
from schemas.records import DeclarationStatus, Rating
from schemas.topics import Topic
from schemas.validation.record import rating_problems, status_problems

_encode_status = encoder(Topic.DECLARATION_STATUS.subject)
_encode_rating = encoder(Topic.RATING.subject)


class InvalidEvent(HailongError):
    """An event breaks rules of the contract; nothing of it was sent.

    Attributes:
        problems: Every rule it breaks.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


def encoded_status(event: DeclarationStatus, now: int) -> tuple[bytes, bytes]:
    """Key and value of a status event.

    Args:
        event: The event.
        now: The present, epoch milliseconds: an event may not lie more than a day ahead.

    Raises:
        InvalidEvent: It breaks rules.
    """
    key, record = declaration_key(event.declaration_no), event.to_avro()
    value = _fitting(_encode_status, record)
    _refuse(status_problems(record, now, key))
    return key, value


def encoded_rating(sheet: Rating, now: int) -> tuple[bytes, bytes]:
    """Key and value of a rating sheet; arguments and errors as `encoded_status`."""
    key, record = declaration_key(sheet.declaration_no), sheet.to_avro()
    value = _fitting(_encode_rating, record)
    _refuse(rating_problems(record, now, key))
    return key, value


def _fitting(encode: Callable[[Mapping[str, Any]], bytes], record: Mapping[str, Any]) -> bytes:
    try:
        return encode(record)
    except PoisonRecord as poison:
        raise InvalidEvent(
            [Problem("event", poison.reason, "must fit its schema and size: " + poison.detail)]
        ) from None


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise InvalidEvent(problems)
