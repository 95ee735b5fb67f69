"""Where reading of a partition begins.

A committed offset counts only with the claim of this log and this database in its metadata (`epochs`). Otherwise the
partition is read from its beginning: the topic was made anew, or the database was, or somebody reset the offsets.
Reading again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from schemas.errors import SystemFault, Unavailable
from schemas.kafka.client_errors import REFUSED
from sinks.clickhouse.loader.log_epochs import Log
from sinks.clickhouse.loader.topic_logs import Reached


def beginnings(
    consumer: Consumer,
    partitions: Sequence[TopicPartition],
    logs: Mapping[str, Log],
    reached: Callable[[], Reached],
    timeout_s: float,
) -> list[TopicPartition]:
    """The partitions with the offsets at which to begin.

    Args:
        consumer: Member of the group whose commits count.
        partitions: What was assigned to it.
        logs: The present logs by topic name.
        reached: How far ClickHouse holds them; asked only where an offset was committed without metadata.
        timeout_s: How long Kafka may take to answer.

    Raises:
        Unavailable: Kafka or ClickHouse did not answer.
        OutcomeUnknown: ClickHouse's answer was lost.
        SystemFault: Kafka refuses to tell.
    """
    committed = _committed(consumer, partitions, timeout_s)
    # A broker that keeps no metadata (Tansu 0.6) gives none back; then the rows themselves must bear the offset out.
    bare = any(known.offset >= 0 and not known.metadata for known in committed)
    stored = reached() if bare else {}
    return [
        TopicPartition(
            known.topic, known.partition, known.offset if _believed(known, logs, stored) else OFFSET_BEGINNING
        )
        for known in committed
    ]


def _believed(known: TopicPartition, logs: Mapping[str, Log], stored: Reached) -> bool:
    """Whether an offset was committed for this log and this database."""
    if known.offset < 0:
        return False
    present = logs[known.topic]
    if known.metadata:
        return known.metadata == present.claim
    return stored.get((present.topic.subject, present.epoch, known.partition), 0) >= known.offset


def _committed(consumer: Consumer, partitions: Sequence[TopicPartition], timeout_s: float) -> list[TopicPartition]:
    try:
        committed = consumer.committed(list(partitions), timeout=timeout_s)
    except KafkaException as exception:
        raise _meaning(exception.args[0]) from exception
    for known in committed:
        if known.error is not None:
            raise _meaning(known.error)
    return committed


def _meaning(error: KafkaError) -> SystemFault | Unavailable:
    if error.code() in REFUSED:
        return SystemFault(f"Kafka refuses to tell what is committed ({error.name()}): grant READ on the group")
    return Unavailable(f"Kafka did not say what is committed ({error.name()})")
