"""Whether any process is in a consumer group."""

from __future__ import annotations

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.kafka.connection import KafkaConnection
from schemas.kafka.quiet_logger import QUIET


def count_members(connection: KafkaConnection, group: str, timeout_s: float) -> int | None:
    """How many members a consumer group has; 0 if it does not exist, None if Kafka does not say."""
    admin = AdminClient({**connection.client_config()}, logger=QUIET)
    try:
        answer = admin.describe_consumer_groups([group], request_timeout=timeout_s)[group].result()
    except KafkaException:
        return None
    return len(answer.members)
