"""How the producer handles records that Kafka did not accept; a scripted client plays the failing broker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from processors.worker.output import sync_producer
from processors.worker.output.sync_producer import Message, SyncProducer
from schemas.errors import SystemFault
from schemas.kafka.connection import KafkaConnection

MESSAGES: list[Message] = [("t", b"k", str(number).encode()) for number in range(6)]


class Scripted:
    """A producer with scripted failures: by delivery reports, or at once."""

    def __init__(self, reports: dict[int, int], refusals: dict[int, Exception] | None = None) -> None:
        self.produced: list[bytes] = []
        self._reports = reports
        self._refusals = refusals or {}
        self._failed: list[tuple[Callable[..., None], int]] = []

    def produce(self, _topic: str, value: bytes, _key: bytes, on_delivery: Callable[..., None]) -> None:
        """Take a record."""
        place = len(self.produced)
        if place in self._refusals:
            raise self._refusals.pop(place)
        self.produced.append(value)
        if place in self._reports:
            self._failed.append((on_delivery, self._reports[place]))

    def flush(self, _seconds: float) -> int:
        """Serve the reports."""
        for report, code in self._failed:
            report(KafkaError(code), None)
        self._failed.clear()
        return 0

    poll = flush


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Callable[[Scripted], list[bytes]]:
    """Publishes the messages through a scripted producer; returns what it was given."""
    monkeypatch.setattr(sync_producer, "_RETRY_PAUSE_S", 0.0)

    def run(producer: Scripted) -> list[bytes]:
        monkeypatch.setattr(sync_producer, "Producer", lambda _settings: producer)
        SyncProducer(KafkaConnection("nowhere:1"), "test").publish(MESSAGES)
        return producer.produced

    return run


VALUES = [value for _topic, _key, value in MESSAGES]


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ({}, VALUES),
        ({2: KafkaError._MSG_TIMED_OUT}, VALUES * 2),
        ({5: KafkaError._TIMED_OUT, 7: KafkaError._TRANSPORT}, VALUES * 3),
    ],
)
def test_an_unknown_outcome_is_tried_again_in_order(
    publish: Callable[[Scripted], list[bytes]], reports: dict[int, int], expected: list[bytes]
) -> None:
    """If one outcome is unknown, all are produced again in order, so that the last record of a key stays the last."""
    assert publish(Scripted(reports)) == expected


def test_one_refusal_among_unknown_outcomes_is_for_good(publish: Callable[[Scripted], list[bytes]]) -> None:
    """A record that can never be written is reported even if the outcome of another one is unknown."""
    with pytest.raises(SystemFault, match="TOPIC_AUTHORIZATION_FAILED"):
        publish(Scripted({1: KafkaError._MSG_TIMED_OUT, 3: KafkaError.TOPIC_AUTHORIZATION_FAILED}))


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (BufferError(), VALUES),
        (KafkaException(KafkaError(KafkaError._RETRY)), VALUES[:3] + VALUES),
    ],
)
def test_a_full_queue_is_waited_for(
    publish: Callable[[Scripted], list[bytes]], refusal: Any, expected: list[bytes]
) -> None:
    """A record that finds the queue full is offered again; a record that fails at once ends the attempt."""
    assert publish(Scripted({}, {3: refusal})) == expected
