"""Dead letters, and decisions about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.records.base import Record


@dataclass(frozen=True, slots=True)
class DeadLetter(Record):
    """A refused record with its origin and the reason."""

    dead_letter_id: str
    stage: str
    topic: str
    topic_id: str
    partition: int
    offset: int
    recorded_at: int
    reason: str
    detail: str
    schema_id: int | None
    key: bytes | None
    value: bytes
    value_size: int


class DeadLetterActionKind(StrEnum):
    """What a person may decide about a dead letter; OTHER: a decision that this version does not know."""

    REPLAYED = "REPLAYED"
    DISCARDED = "DISCARDED"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class DeadLetterAction(Record):
    """What a person decided about a dead letter."""

    action_id: str
    version: int
    dead_letter_id: str
    action: str
    acted_at: int
    actor: str
    note: str | None
    replayed_partition: int | None
    replayed_offset: int | None
