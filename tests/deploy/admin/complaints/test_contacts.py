"""Opening the contact of a complaint."""

from __future__ import annotations

from dataclasses import replace

import pytest
from confluent_kafka import Producer
from support.cases import OPENED, complaint
from support.events import at, rating
from support.polling import DEADLINE_S

from deploy.admin.complaints.contacts import contact_of
from deploy.admin.topics import ensure_topics
from deploy.errors import Mistake
from schemas.codec.record import pinned_only, record_encoder
from schemas.contacts.sealing import Contact, SealingKeys, seal
from schemas.kafka.connection import KafkaConnection
from schemas.keys import declaration_key, key_of
from schemas.records.complaints import Complaint
from schemas.records.events import Rating
from schemas.topics import Topic

pytestmark = pytest.mark.servers
KEYS = SealingKeys("test", {"test": bytes(32)})


def test_only_the_newest_revision_gives_the_contact(kafka: KafkaConnection) -> None:
    """A corrected phone number replaces the old one, and a removed contact is not shown."""
    ensure_topics(kafka, partitions=1, replication_factor=1)
    opened = complaint(at(OPENED))
    first = replace(rating("s-1", 1, at(OPENED)), contact=seal(Contact("A", "1"), "s-1", KEYS))
    second = replace(rating("s-1", 2, at(OPENED)), contact=seal(Contact("A", "2"), "s-1", KEYS))
    third = rating("s-1", 3, at(OPENED))

    def send(topic: Topic, key: bytes, record: Complaint | Rating) -> None:
        producer = Producer(dict(kafka.producer_config()))
        producer.produce(topic.value.name(kafka.topic_prefix), key=key, value=record_encoder(topic.subject)(record))
        assert producer.flush(DEADLINE_S) == 0

    send(Topic.COMPLAINT, key_of(opened), opened)
    declaration = declaration_key(first.declaration_no)
    send(Topic.RATING, declaration, second)
    send(Topic.RATING, declaration, first)
    assert contact_of(kafka, pinned_only, opened.complaint_id, KEYS).phone == "2"
    send(Topic.RATING, declaration, third)
    with pytest.raises(Mistake, match="gives no contact"):
        contact_of(kafka, pinned_only, opened.complaint_id, KEYS)
