"""Create missing topics on the cluster, and compare existing ones with the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its type information forgets the re-exports
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from schemas.errors import ConfigurationError, SystemFault, Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET
from schemas.kafka.topic_metadata import describe_names, uneven_partitions
from schemas.topics import CO_PARTITIONED, Topic

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic on the cluster."""

    topic: Topic
    name: str  # with prefix
    partitions: int
    created: bool  # whether this call created it


def ensure_topics(connection: KafkaConnection, *, partitions: int, replication_factor: int) -> Sequence[TopicState]:
    """Create the topics that are missing, with `partitions` unless the contract fixes them; check those that exist.

    Raises:
        Unavailable: The cluster does not answer.
        ConfigurationError: A topic that exists contradicts the contract; nothing was changed.
        SystemFault: The cluster refuses to create a topic.
    """
    client = AdminClient({**connection.client_config()}, logger=QUIET)
    before = _partition_counts(connection)
    wanted = {topic: topic.value.partitions or partitions for topic in Topic}
    _raise_any(_contradictions(client, connection, {**wanted, **before}, existing=before))
    missing = [topic for topic in Topic if topic not in before]
    _create(client, connection, {topic: wanted[topic] for topic in missing}, replication_factor)
    return [
        TopicState(topic, connection.topic_name(topic), before.get(topic, wanted[topic]), topic in missing)
        for topic in Topic
    ]


def verify_topics(connection: KafkaConnection, topics: Iterable[Topic] = tuple(Topic)) -> None:
    """Check that topics exist and fit the contract, before files or simulated events are written to them.

    Raises:
        Unavailable: The cluster does not answer.
        ConfigurationError: Topics are missing or contradict the contract.
    """
    client = AdminClient({**connection.client_config()}, logger=QUIET)
    found = _partition_counts(connection)
    missing = [connection.topic_name(topic) for topic in topics if topic not in found]
    problems = [f"Topic {name} does not exist: run `hailong topics create`." for name in missing]
    _raise_any(problems + _contradictions(client, connection, found, existing=found))


def _partition_counts(connection: KafkaConnection) -> dict[Topic, int]:
    names = {topic: connection.topic_name(topic) for topic in Topic}
    found = describe_names(connection, names.values(), TIMEOUT_S)
    return {topic: found[name].partitions for topic, name in names.items() if name in found}


def _contradictions(
    client: AdminClient, connection: KafkaConnection, counts: Mapping[Topic, int], existing: Mapping[Topic, int]
) -> list[str]:
    """Differences that would break a join or an order, or lose records."""
    problems = []
    for group in CO_PARTITIONED:
        joined = {connection.topic_name(topic): counts[topic] for topic in group if topic in counts}
        if uneven := uneven_partitions(joined):
            problems.append(
                f"Topics that are joined must have equal partition counts, but {uneven}: "
                "recreate them with one count, or set HAILONG_KAFKA_PARTITIONS to the count that exists."
            )
    for topic, count in existing.items():
        fixed = topic.value.partitions
        if fixed is not None and count != fixed:
            problems.append(
                f"Topic {connection.topic_name(topic)} must have {fixed} partition, not {count}: recreate it."
            )
    return problems + _wrong_cleanup(client, connection, existing)


def _wrong_cleanup(client: AdminClient, connection: KafkaConnection, topics: Iterable[Topic]) -> list[str]:
    """Event topics that are compacted: they would lose all but the last record of each key."""
    by_name = {connection.topic_name(topic): topic for topic in topics}
    if not by_name:
        return []
    answers = client.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in by_name])
    problems = []
    for resource, answer in answers.items():
        try:
            entry = answer.result(timeout=TIMEOUT_S).get("cleanup.policy")
        except KafkaException as error:
            if error.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                continue  # we may lack this right and still be allowed to read and write
            where = connection.bootstrap_servers
            raise Unavailable(f"Kafka at {where} does not answer: {error.args[0].str()}") from error
        wanted = by_name[resource.name].value.config["cleanup.policy"]
        found = "delete" if entry is None else entry.value
        if wanted == "delete" and "compact" in found:
            problems.append(
                f"Topic {resource.name} has cleanup.policy={found}, which deletes events: set it to {wanted}."
            )
    return problems


def _create(client: AdminClient, connection: KafkaConnection, counts: Mapping[Topic, int], replication: int) -> None:
    if not counts:
        return
    new = [
        NewTopic(connection.topic_name(topic), count, replication, config=dict(topic.value.config))
        for topic, count in counts.items()
    ]
    for name, answer in client.create_topics(new, operation_timeout=TIMEOUT_S).items():
        try:
            answer.result(timeout=TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
                continue  # another process created it meanwhile; `verify_topics` checks it
            raise SystemFault(f"Kafka refuses to create topic {name}: {error.args[0].str()}") from error


def _raise_any(problems: Sequence[str]) -> None:
    if problems:
        raise ConfigurationError(problems)
