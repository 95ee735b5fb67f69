"""How far a group is behind, on both brokers: exact where the broker's own figures are not."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from support.brokers import on_both_brokers, on_kafka
from support.polling import DEADLINE_S

from schemas.errors import SystemFault
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.group_lag import GroupLag, Lag
from schemas.kafka.group_members import count_members
from schemas.topics import Topic

pytestmark = pytest.mark.servers


@pytest.fixture
def kafka(broker: str) -> KafkaConnection:
    """Names of its own, and a topic `rating` with two partitions."""
    connection = KafkaConnection(broker, topic_prefix=f"t{uuid4().hex[:8]}.")
    admin = AdminClient({**connection.client_config()})
    admin.create_topics([NewTopic(connection.topic_name(Topic.RATING), 2, 1)])[
        connection.topic_name(Topic.RATING)
    ].result(DEADLINE_S)
    return connection


@pytest.fixture
def lag(kafka: KafkaConnection) -> Iterator[GroupLag]:
    """The lag of the group `<prefix>group` on `rating`."""
    with GroupLag(kafka, _group(kafka), [Topic.RATING]) as found:
        yield found


def _group(kafka: KafkaConnection) -> str:
    return f"{kafka.topic_prefix}group"


def _name(kafka: KafkaConnection) -> str:
    return kafka.topic_name(Topic.RATING)


def _produce(kafka: KafkaConnection, count: int, partition: int = 0) -> None:
    """Produce one batch."""
    producer = Producer({**kafka.producer_config(), "linger.ms": 200})
    for number in range(count):
        producer.produce(_name(kafka), b"x", str(number).encode(), partition)
    assert producer.flush(DEADLINE_S) == 0


def _produce_in_transaction(kafka: KafkaConnection, count: int, *, commit: bool) -> None:
    producer = Producer({**kafka.producer_config(), "transactional.id": uuid4().hex})
    producer.init_transactions(DEADLINE_S)
    producer.begin_transaction()
    for number in range(count):
        producer.produce(_name(kafka), b"x", str(number).encode(), 0)
    if commit:
        producer.commit_transaction(DEADLINE_S)
    else:
        producer.flush(DEADLINE_S)
        producer.abort_transaction(DEADLINE_S)


def _commit(kafka: KafkaConnection, offset: int, partition: int = 0) -> None:
    consumer = Consumer(kafka.consumer_config(_group(kafka)))
    consumer.commit(offsets=[TopicPartition(_name(kafka), partition, offset)], asynchronous=False)
    consumer.close()


@on_both_brokers
def test_a_group_that_never_committed_has_read_nothing(kafka: KafkaConnection, lag: GroupLag) -> None:
    """All records are left, although the group does not exist; empty partitions add nothing."""
    assert lag.behind(lag.ends()) == {}
    _produce(kafka, 5)
    ends = lag.ends()
    assert ends == {(_name(kafka), 0): 5, (_name(kafka), 1): 0}
    assert lag.behind(ends) == {(_name(kafka), 0): 5}
    assert lag.look().behind > 0
    assert count_members(kafka, _group(kafka), DEADLINE_S) == 0


@on_both_brokers
def test_a_batch_of_which_only_the_beginning_was_done_is_not_overlooked(kafka: KafkaConnection, lag: GroupLag) -> None:
    """The embedded broker understates the end by up to a batch; no lag is said only when nothing is left."""
    _produce(kafka, 100)
    _commit(kafka, 40)
    assert lag.behind(lag.ends()) == {(_name(kafka), 0): 60}
    assert lag.look() == Lag(100, {(_name(kafka), 0): 60})
    _commit(kafka, 100)
    assert lag.behind(lag.ends()) == {}
    assert lag.look() == Lag(100, {})


@on_both_brokers
def test_records_that_came_after_the_ends_are_not_asked_for(kafka: KafkaConnection, lag: GroupLag) -> None:
    """A group that has read up to earlier ends is done with them, however much has come since."""
    _produce(kafka, 3)
    _produce(kafka, 2, partition=1)
    ends = lag.ends()
    _commit(kafka, 3)
    _produce(kafka, 7)
    assert lag.behind(ends) == {(_name(kafka), 1): 2}
    _commit(kafka, 2, partition=1)
    assert lag.behind(ends) == {}
    assert lag.behind(lag.ends()) == {(_name(kafka), 0): 7}


@on_both_brokers
def test_the_marker_of_a_transaction_is_no_lag(kafka: KafkaConnection, lag: GroupLag) -> None:
    """A group commits the offset after the last record, which is before the marker: nothing is left to read."""
    _produce(kafka, 2)
    _produce_in_transaction(kafka, 3, commit=True)
    _commit(kafka, 5)
    ends = lag.ends()
    assert ends[_name(kafka), 0] in {5, 6}  # the embedded broker has no markers
    assert lag.behind(ends) == {}
    _commit(kafka, 1)
    assert lag.behind(ends) == {(_name(kafka), 0): ends[_name(kafka), 0] - 1}


@on_kafka
def test_what_a_transaction_aborted_is_no_lag(kafka: KafkaConnection, lag: GroupLag) -> None:
    """Nobody can read it, so no group commits an offset beyond it."""
    _produce(kafka, 2)
    _produce_in_transaction(kafka, 3, commit=False)
    _commit(kafka, 2)
    ends = lag.ends()
    assert ends[_name(kafka), 0] == 6
    assert lag.behind(ends) == {}
    _commit(kafka, 1)
    assert lag.behind(ends) == {(_name(kafka), 0): 5}


@on_kafka
def test_what_an_open_transaction_holds_back_is_no_lag(kafka: KafkaConnection, lag: GroupLag) -> None:
    """Until it ends, nobody can read beyond it; then its records count."""
    _produce(kafka, 2)
    _commit(kafka, 2)
    producer = Producer({**kafka.producer_config(), "transactional.id": uuid4().hex})
    producer.init_transactions(DEADLINE_S)
    producer.begin_transaction()
    producer.produce(_name(kafka), b"x", b"y", 0)
    producer.flush(DEADLINE_S)
    assert lag.behind(lag.ends()) == {}
    producer.commit_transaction(DEADLINE_S)
    assert lag.behind(lag.ends()) == {(_name(kafka), 0): 2}  # the record and its marker


@on_both_brokers
def test_a_topic_that_does_not_exist_is_named(kafka: KafkaConnection) -> None:
    """The message says what to do."""
    with GroupLag(kafka, "g", [Topic.ALERT]) as lag, pytest.raises(SystemFault, match=r"alert\.v1 does not exist: run"):
        lag.look()
