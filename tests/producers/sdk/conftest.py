"""A broker with the topics of events, and a way to read them back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from support.polling import DEADLINE_S, eventually

from deploy.local.ports import free_port
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import describe_names
from schemas.topics import Topic

EVENTS = (Topic.DECLARATION_STATUS, Topic.RATING, Topic.CONTACT_KEY)


@pytest.fixture
def connection(broker: str, request: pytest.FixtureRequest) -> KafkaConnection:
    """A connection whose topics are this test's own, three partitions each."""
    made = KafkaConnection(broker, topic_prefix=f"{re.sub(r'[^a-z0-9_]+', '-', request.node.name)[:80]}.")
    admin = AdminClient({"bootstrap.servers": broker, "log_level": 0})
    names = [topic.value.name(made.topic_prefix) for topic in EVENTS]
    for future in admin.create_topics([NewTopic(name, 3) for name in names]).values():
        future.result(DEADLINE_S)
    # The next one to ask may be told by a broker that is busy and has not heard of them yet.
    eventually(lambda: len(describe_names(made, names, DEADLINE_S)) == len(names), "the brokers know the topics")
    return made


@pytest.fixture
def written(connection: KafkaConnection) -> Callable[[Topic], list[Message]]:
    """All messages of a topic."""

    def read(topic: Topic) -> list[Message]:
        consumer = Consumer({**connection.consumer_config("reader"), "enable.partition.eof": True, "log_level": 0})
        name = topic.value.name(connection.topic_prefix)
        consumer.assign([TopicPartition(name, partition, 0) for partition in range(3)])
        found, ended = [], 0
        while ended < 3:
            message = consumer.poll(DEADLINE_S)
            assert message is not None, "the broker does not answer"
            if message.error():
                ended += 1
            else:
                found.append(message)
        consumer.close()
        return found

    return read


@pytest.fixture
def free_address() -> str:
    """An address at which nothing listens."""
    return f"127.0.0.1:{free_port()}"
