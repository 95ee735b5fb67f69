"""The true end of partitions, from a consumer that is scripted."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError, TopicPartition

from schemas.errors import Unavailable
from schemas.kafka.client_errors import PARTITION_END
from schemas.kafka.topic_reader import end_offsets

A, B = ("t", 0), ("t", 1)


class Told:
    """A message: an offset of a partition, and an error or none."""

    def __init__(self, partition: tuple[str, int], offset: int, code: int | None = None) -> None:
        self.topic, self.partition, self.offset = (lambda: partition[0]), (lambda: partition[1]), (lambda: offset)
        self.error = lambda: None if code is None else KafkaError(code)


class Scripted:
    """A consumer that hands out what it is given, then nothing."""

    def __init__(self, *messages: Told) -> None:
        self.messages = list(messages)
        self.assigned: list[tuple[str, int, int]] = []

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Remember what is read."""
        self.assigned = [(tp.topic, tp.partition, tp.offset) for tp in partitions]

    def unassign(self) -> None:
        """Forget it."""
        self.assigned = []

    def poll(self, _timeout_s: float) -> Any:
        """The next message."""
        return self.messages.pop(0) if self.messages else None


def test_reading_finds_records_beyond_the_end_that_the_broker_knows() -> None:
    """The end is where reading ends, not what the broker answered before."""
    consumer: Any = Scripted(Told(A, 4), Told(A, 5), Told(A, 6, PARTITION_END), Told(B, 0), Told(B, 1, PARTITION_END))
    assert end_offsets(consumer, {A: 4, B: 0}, 5.0) == {A: 6, B: 1}
    assert consumer.assigned == []


def test_a_partition_whose_end_does_not_come_is_not_guessed() -> None:
    """Silence says nothing about the end: the caller asks again."""
    consumer: Any = Scripted(Told(A, 4))
    with pytest.raises(Unavailable, match="ends of all partitions"):
        end_offsets(consumer, {A: 4}, 5.0)


def test_an_error_of_a_partition_names_it() -> None:
    """Whoever reads the message learns which partition is ill."""
    consumer: Any = Scripted(Told(A, 0, KafkaError.UNKNOWN_TOPIC_OR_PART))
    with pytest.raises(Unavailable, match=r"end of t\[0\] \(UNKNOWN_TOPIC_OR_PART\)"):
        end_offsets(consumer, {A: 4}, 5.0)


def test_a_partition_written_faster_than_it_is_read_does_not_hold_the_caller() -> None:
    """When time is up, the last offset read stands for the end."""
    consumer: Any = Scripted(Told(A, 4), Told(A, 5))
    assert end_offsets(consumer, {A: 4}, -1.0) == {A: 5}
