"""Checks before a worker starts, so that a wrong set-up is reported instead of joining the wrong records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from processors.stages.stage import Stage
from schemas.errors import ConfigurationError
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import TopicFacts, describe_names, uneven_partitions
from schemas.topics import Topic


def check_topics(connection: KafkaConnection, stages: Sequence[Stage], timeout_s: float) -> Mapping[str, TopicFacts]:
    """Check that Kafka answers and that its topics fit the stages.

    Returns:
        What the broker says of the input topics and the dead-letter topic, by full name.

    Raises:
        ConfigurationError: Topics are missing, or joined topics differ in their partition counts.
        Unavailable: Kafka does not answer.
        SystemFault: Kafka refuses our credentials.
    """
    topics = {*(topic for stage in stages for topic in stage.inputs), Topic.DEAD_LETTER}
    names = sorted(connection.topic_name(topic) for topic in topics)
    facts = describe_names(connection, names, timeout_s)
    problems = [
        *(f"topic {name} does not exist at {connection.bootstrap_servers}" for name in names if name not in facts),
        *(problem for stage in stages for problem in _unequal_partitions(stage, connection, facts)),
    ]
    if not stages:
        problems.append("no stages to run")
    if problems:
        raise ConfigurationError(problems)
    return facts


def _unequal_partitions(stage: Stage, connection: KafkaConnection, facts: Mapping[str, TopicFacts]) -> Iterator[str]:
    names = [connection.topic_name(topic) for topic in stage.inputs]
    if uneven := uneven_partitions({name: facts[name].partitions for name in names if name in facts}):
        yield f"stage {stage.name} joins topics partition by partition, but their partition counts differ: {uneven}"
