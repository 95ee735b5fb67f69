"""Tests of the letter itself: whatever was refused, its letter can be written."""

from __future__ import annotations

from schemas.batches.batch import RawBatch, Reject
from schemas.codec.record import encoder
from schemas.dead_letters.letter import MAX_KEY_BYTES, MAX_VALUE_BYTES, dead_letter
from schemas.errors import Reason
from schemas.records.dead_letters import DeadLetter
from schemas.topics import Topic


def letter(key: bytes | None, value: bytes | None, timestamp: int = 1, stage: str = "join") -> DeadLetter:
    """The letter of a record."""
    batch = RawBatch(Topic.RATING, 3, [17], [timestamp], [key], [value])
    reject = Reject(0, Reason.TOO_LARGE, "value is too large")
    return dead_letter(batch, reject, stage=stage, topic_name="hailong.rating.v1", topic_identity="cluster/topic")


def test_letter_of_a_giant_record_with_a_giant_key_can_be_written() -> None:
    """Key and value are cut, the true size of the value is kept, and the letter stays below the limit of a record."""
    made = letter(b"k" * 2_000_000, b"v" * 10_000_000)
    assert (len(made.key or b""), len(made.value), made.value_size) == (MAX_KEY_BYTES, MAX_VALUE_BYTES, 10_000_000)
    assert encoder("dead-letter")(made.to_avro())


def test_letter_of_a_record_without_anything_can_be_written() -> None:
    """No key, no value and no timestamp are no obstacle."""
    made = letter(None, None, timestamp=-1)
    assert (made.key, made.value, made.recorded_at) == (None, b"", 0)
    assert encoder("dead-letter")(made.to_avro())


def test_whoever_refuses_a_record_gives_its_letter_the_same_id() -> None:
    """Two stages that refuse one record write one letter."""
    assert letter(b"k", b"v", stage="join").dead_letter_id == letter(b"k", b"v", stage="sink").dead_letter_id
