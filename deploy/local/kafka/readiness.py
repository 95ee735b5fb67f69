"""Whether brokers can be used."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

TIMEOUT_S = 1.0


def answers(address: str, numbers: Sequence[int] = ()) -> bool:
    """Whether a broker answers a metadata request.

    Args:
        address: `host:port`.
        numbers: Brokers that it must know.
    """
    quiet = {"log_level": 0, "socket.connection.setup.timeout.ms": 1000}
    client = AdminClient({"bootstrap.servers": address, **quiet})
    try:
        known = client.list_topics(timeout=TIMEOUT_S).brokers
    except KafkaException:
        return False
    return bool(known) and set(numbers) <= set(known)
