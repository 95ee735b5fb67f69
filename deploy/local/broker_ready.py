"""Whether a Kafka broker on this machine answers."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

_TIMEOUT_S = 1.0


def broker_answers(address: str, nodes: Sequence[int] = ()) -> bool:
    """Whether a broker answers a metadata request.

    Args:
        address: `host:port`.
        nodes: Numbers of brokers that must be part of its cluster.
    """
    quiet = {"log_level": 0, "socket.connection.setup.timeout.ms": 1000}
    client = AdminClient({"bootstrap.servers": address, **quiet})
    try:
        known = client.list_topics(timeout=_TIMEOUT_S).brokers
    except KafkaException:
        return False
    return bool(known) and set(nodes) <= set(known)
