"""Consumer groups as an audit sees them: topics that are written to, and offsets that are committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic
from sinks.audit.pipeline_info import ReaderGroup
from support.polling import DEADLINE_S


def commit(kafka: KafkaConnection, group: ReaderGroup, topic: Topic, offset: int) -> None:
    """Commit for partition 0 of a topic, as a process does when everything before the offset is done."""
    consumer = Consumer(kafka.consumer_config(group.group))
    consumer.commit(offsets=[TopicPartition(kafka.topic_name(topic), 0, offset)], asynchronous=False)
    consumer.close()


class AuditedGroups:
    """Topics under a prefix of their own, with one partition each, and groups that read them.

    Args:
        address: The broker.
        topics: The topics to create.
    """

    def __init__(self, address: str, *topics: Topic) -> None:
        self.kafka = KafkaConnection(address, topic_prefix=f"t{uuid4().hex[:8]}.")
        admin = AdminClient({**self.kafka.client_config()})
        new = [NewTopic(self.kafka.topic_name(topic), 1, 1) for topic in topics]
        for created in admin.create_topics(new).values():
            created.result(DEADLINE_S)

    def group(self, name: str, *inputs: Topic, writes: tuple[Topic, ...] = ()) -> ReaderGroup:
        """A group that reads these topics and writes those."""
        return ReaderGroup(name, f"{self.kafka.topic_prefix}{name}", f"hailong {name}", inputs, writes)

    def write(self, topic: Topic, count: int = 1) -> None:
        """Write some records to a topic."""
        producer = Producer(self.kafka.producer_config())
        for _number in range(count):
            producer.produce(self.kafka.topic_name(topic), b"value", b"key", 0)
        assert producer.flush(DEADLINE_S) == 0

    def commit(self, group: ReaderGroup, topic: Topic, offset: int) -> None:
        """A group has read a topic up to an offset."""
        commit(self.kafka, group, topic, offset)

    @contextmanager
    def member(self, group: ReaderGroup) -> Iterator[None]:
        """A process that is in a group and reads nothing, for as long as the block lasts."""
        consumer = Consumer(self.kafka.consumer_config(group.group))
        consumer.subscribe([self.kafka.topic_name(topic) for topic in group.inputs])
        try:
            consumer.poll(0)
            yield
        finally:
            consumer.close()
