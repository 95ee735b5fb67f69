from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from support.embedded_broker import EmbeddedBroker
from support.polling import DEADLINE_S

from deploy.admin.topics import ensure_topics, verify_topics
from deploy.local.ports import free_port
from schemas.errors import ConfigurationError, Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic

pytestmark = pytest.mark.servers


def make(kafka: KafkaConnection, topic: Topic, partitions: int, **config: str) -> None:
    """Create one topic by hand."""
    client = AdminClient(dict(kafka.client_config()))
    new = NewTopic(topic.value.name(kafka.topic_prefix), partitions, 1, config=config)
    for answer in client.create_topics([new]).values():
        answer.result()


def test_missing_topics_are_created_as_the_contract_says(kafka: KafkaConnection) -> None:
    """Every topic of the catalogue exists afterwards, and a second call changes nothing."""
    created = ensure_topics(kafka, partitions=3, replication_factor=1)
    assert {state.topic for state in created if state.created} == set(Topic)
    assert {state.partitions for state in created if state.topic.value.partitions is None} == {3}
    assert not any(state.created for state in ensure_topics(kafka, partitions=3, replication_factor=1))
    verify_topics(kafka)


def test_unequal_partition_counts_of_joined_topics_are_refused(kafka: KafkaConnection) -> None:
    """A join of topics with different partition counts would silently miss pairs; nothing is created then."""
    make(kafka, Topic.RATING, 2)
    with pytest.raises(ConfigurationError) as caught:
        ensure_topics(kafka, partitions=4, replication_factor=1)
    message = str(caught.value)
    assert "must have equal partition counts" in message
    assert "rating.v1 has 2" in message
    assert "HAILONG_KAFKA_PARTITIONS" in message
    with pytest.raises(ConfigurationError, match="hailong topics create"):
        verify_topics(kafka, [Topic.DECLARATION_STATUS])


def test_a_compacted_event_topic_is_refused(kafka: KafkaConnection) -> None:
    """Compaction would drop all but the last event of a declaration."""
    make(kafka, Topic.RATED_SERVICE, 4, **{"cleanup.policy": "compact"})
    with pytest.raises(ConfigurationError, match=r"cleanup\.policy=compact, which deletes events"):
        ensure_topics(kafka, partitions=4, replication_factor=1)


def test_a_topic_that_needs_one_partition_has_one(kafka: KafkaConnection) -> None:
    """The stage that compares offices must see them all."""
    make(kafka, Topic.OFFICE_COUNT, 4)
    with pytest.raises(ConfigurationError, match="must have 1 partition, not 4"):
        ensure_topics(kafka, partitions=4, replication_factor=1)


def test_an_unreachable_broker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which address did not answer."""
    monkeypatch.setattr("deploy.admin.topics.TIMEOUT_S", 0.5)
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable, match=f"Kafka at {address} does not answer"):
        ensure_topics(KafkaConnection(address), partitions=1, replication_factor=1)


def test_each_start_of_the_broker_is_a_new_cluster(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A broker that forgot its topics cannot be mistaken for the one before."""
    ids: list[Any] = []
    for _start in range(2):
        with EmbeddedBroker(tmp_path_factory.mktemp("broker")) as broker:
            client = AdminClient({"bootstrap.servers": broker.address})
            ids.append(client.list_topics(timeout=DEADLINE_S).cluster_id)
            del client
    assert len(set(ids)) == 2
    assert all(name.startswith("hailong-") for name in ids)
