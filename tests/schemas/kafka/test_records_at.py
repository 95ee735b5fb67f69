"""Single records at their places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from support.brokers import on_both_brokers, on_kafka
from support.polling import DEADLINE_S

from schemas.errors import SystemFault, Unavailable
from schemas.kafka import records_at
from schemas.kafka.client_errors import PARTITION_END
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.records_at import read_records_at
from schemas.topics import Topic


class Told:
    """A message: its offset, or an error."""

    def __init__(self, offset: int, code: int | None = None) -> None:
        self.offset = lambda: offset
        self.error = lambda: None if code is None else KafkaError(code)


class Scripted:
    """A consumer of a partition with the offsets 2 to 9 that hands out what it is given, then nothing."""

    def __init__(self, *messages: Told) -> None:
        self.messages = list(messages)

    def get_watermark_offsets(self, *_: object, **__: object) -> tuple[int, int]:
        """The range of the partition."""
        return 2, 10

    def assign(self, _partitions: list[TopicPartition]) -> None:
        """Nothing to do."""

    def unassign(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def poll(self, _timeout_s: float) -> Any:
        """The next message."""
        return self.messages.pop(0) if self.messages else None


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads an offset of partition 0 from a consumer that is told these messages; the offsets that are found."""

    def reading(*messages: Told, offset: int = 5) -> list[int]:
        monkeypatch.setattr(records_at, "open_reader", lambda *_: Scripted(*messages))
        found = read_records_at(KafkaConnection("nowhere:1"), Topic.RATING, [(0, offset)])
        return [offset for _partition, offset in found]

    return reading


def test_another_record_than_the_wanted_one_is_none(read: Any) -> None:
    """Kafka begins later where the record is deleted, and anywhere where the log was replaced meanwhile."""
    assert read(Told(5)) == [5]
    assert read(Told(6)) == []
    assert read(Told(0), Told(5)) == []
    assert read(Told(5, PARTITION_END)) == []


def test_a_place_before_the_first_record_is_not_asked_for(read: Any) -> None:
    """Kafka may be silent about it for long."""
    assert read(offset=1) == []


def test_a_passing_error_is_waited_out(read: Any) -> None:
    """A lost connection says nothing about the record."""
    assert read(Told(-1, KafkaError._TRANSPORT), Told(5)) == [5]


def test_silence_and_refusals_are_no_answer(read: Any) -> None:
    """Neither means that the record is gone."""
    with pytest.raises(Unavailable, match="sent nothing"):
        read()
    with pytest.raises(SystemFault, match=r"grant READ on hailong\.rating"):
        read(Told(-1, KafkaError.TOPIC_AUTHORIZATION_FAILED))


@pytest.fixture
def written(broker: str) -> Iterator[KafkaConnection]:
    """A topic with three records in each of two partitions."""
    kafka = KafkaConnection(broker, topic_prefix=f"t{uuid4().hex[:8]}.")
    name = kafka.topic_name(Topic.RATING)
    admin = AdminClient(dict(kafka.client_config()))
    for created in admin.create_topics([NewTopic(name, 2, 1)]).values():
        created.result()
    producer = Producer(dict(kafka.producer_config()))
    for number in range(6):
        producer.produce(name, value=f"{number}", partition=number % 2)
    assert producer.flush(DEADLINE_S) == 0
    yield kafka
    admin.delete_topics([name])[name].result()


def read_values(kafka: KafkaConnection, *places: records_at.Place) -> dict[records_at.Place, bytes | None]:
    """What is found at places."""
    return {place: message.value() for place, message in read_records_at(kafka, Topic.RATING, places).items()}


@pytest.mark.servers
@on_both_brokers
def test_exactly_these_records_are_read(written: KafkaConnection) -> None:
    """In the middle of a partition, at its end, and beyond it."""
    assert read_values(written, (1, 1), (0, 2), (0, 3), (1, 99)) == {(1, 1): b"3", (0, 2): b"4"}


@pytest.mark.servers
@on_kafka
def test_deleted_records_are_not_found(written: KafkaConnection) -> None:
    """The first record that is left is not mistaken for one before it."""
    admin, place = AdminClient(dict(written.client_config())), TopicPartition(written.topic_name(Topic.RATING), 0, 2)
    admin.delete_records([place])[place].result()
    assert read_values(written, (0, 0), (0, 1), (0, 2)) == {(0, 2): b"4"}
