"""What a broker knows about topics: their partitions, and which log a name stands for today.

Workers and sinks identify a log in the same way, so the dead letter of one record has one id, whoever writes it.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its type information lacks the re-exports
    AdminClient,
    ClusterMetadata,
)

from schemas.errors import SystemFault, Unavailable
from schemas.kafka.client_errors import is_unsupported, refusal
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET
from schemas.topics import Topic

_ATTEMPT_S = 1.0


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """One existing topic.

    Attributes:
        name: Full name.
        partitions: Number of partitions.
        identity: Cluster id and topic id: differs for a new broker and for a topic that was deleted and created again.
    """

    name: str
    partitions: int
    identity: str


class TopicsMissing(SystemFault):
    """Topics do not exist. At start that is a fault; later they may be about to be created again."""


def describe_topics(
    connection: KafkaConnection, topics: Collection[Topic], timeout_s: float
) -> Mapping[Topic, TopicFacts]:
    """Ask the broker about topics that must exist.

    Raises:
        Unavailable: No broker answered in time.
        TopicsMissing: Some do not exist.
        SystemFault: The broker refused us.
    """
    names = {topic: connection.topic_name(topic) for topic in topics}
    found = describe_names(connection, names.values(), timeout_s)
    missing = sorted(set(names.values()) - found.keys())
    if missing:
        raise TopicsMissing(f"topics are missing: {', '.join(missing)}: run `hailong topics create`")
    return {topic: found[name] for topic, name in names.items()}


def describe_names(connection: KafkaConnection, names: Collection[str], timeout_s: float) -> Mapping[str, TopicFacts]:
    """Ask the broker about topics by their full names; those that do not exist are left out.

    Raises:
        Unavailable: No broker answered in time.
        SystemFault: The broker refused us.
    """
    refused: list[SystemFault] = []

    def on_error(error: KafkaError) -> None:
        if fault := refusal(error, connection.bootstrap_servers):
            refused.append(fault)

    admin = AdminClient({**connection.client_config()}, error_cb=on_error, logger=QUIET)
    metadata = _metadata(admin, connection.bootstrap_servers, refused, timeout_s)
    found = [name for name in names if name in metadata.topics and metadata.topics[name].error is None]
    ids = _topic_ids(admin, found, timeout_s)
    return {
        name: TopicFacts(name, len(metadata.topics[name].partitions), f"{metadata.cluster_id}/{ids.get(name, name)}")
        for name in found
    }


def uneven_partitions(counts: Mapping[str, int]) -> str | None:
    """Lists topics that must have equal partition counts and do not; None when they agree."""
    if len(set(counts.values())) <= 1:
        return None
    return ", ".join(f"{name} has {count}" for name, count in counts.items())


def _metadata(admin: AdminClient, servers: str, refused: list[SystemFault], timeout_s: float) -> ClusterMetadata:
    """Metadata of all topics. Attempts are short, for the client reports refused credentials only between them."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return admin.list_topics(timeout=min(_ATTEMPT_S, timeout_s))
        except KafkaException as exception:
            error = exception.args[0]
        admin.poll(0)
        if fault := refused[0] if refused else refusal(error, servers):
            raise fault
        if time.monotonic() >= deadline:
            raise Unavailable(f"Kafka at {servers} does not answer after {timeout_s:g} s ({error.name()})")


def _topic_ids(admin: AdminClient, names: Collection[str], timeout_s: float) -> Mapping[str, str]:
    """Topic ids by name; none from a broker that does not know the request."""
    if not names:
        return {}
    ids: dict[str, str] = {}
    for name, future in admin.describe_topics(TopicCollection(list(names)), request_timeout=timeout_s).items():
        try:
            topic_id = future.result().topic_id
        except KafkaException as exception:
            if is_unsupported(exception.args[0]):
                return {}
            raise Unavailable(f"Kafka did not describe topic {name} ({exception.args[0].name()})") from None
        if topic_id is not None:
            ids[name] = str(topic_id)
    return ids
