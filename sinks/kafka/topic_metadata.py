"""Which logs the topics of the contract stand for today."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from schemas.errors import SystemFault
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import QUIET, REFUSED
from schemas.kafka.topic_metadata import describe as describe_names
from schemas.topics import Topic

__all__ = ["QUIET", "REFUSED", "TopicFacts", "TopicsMissing", "describe", "named"]


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """One existing topic.

    Attributes:
        name: Its name.
        partitions: Number of partitions.
        identity: Differs for a new broker and for a topic that was deleted and made again.
    """

    name: str
    partitions: int
    identity: str


class TopicsMissing(SystemFault):
    """Topics do not exist. At start that is a fault; later they may be about to be made anew."""


def named(connection: KafkaConnection, topic: Topic) -> str:
    """The name of a topic in a deployment."""
    return topic.value.name(connection.topic_prefix)


def describe(connection: KafkaConnection, topics: Collection[Topic], timeout_s: float) -> Mapping[Topic, TopicFacts]:
    """Ask the broker about topics.

    Raises:
        Unavailable: No broker answered in time.
        TopicsMissing: Some do not exist.
        SystemFault: The broker refused our credentials.
    """
    found = describe_names(connection, [named(connection, topic) for topic in topics], timeout_s)
    missing = sorted(name for topic in topics if (name := named(connection, topic)) not in found)
    if missing:
        raise TopicsMissing(f"topics are missing: {', '.join(missing)}: run `hailong topics create`")
    pairs = [(topic, named(connection, topic)) for topic in topics]
    return {topic: TopicFacts(name, found[name].partitions, found[name].identity) for topic, name in pairs}
