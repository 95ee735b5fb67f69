"""How to reach a Kafka cluster, and the client settings that are part of the contract.

One of these is the partitioner: librdkafka's default differs from Java's, and topics written with different
partitioners join wrongly without any error. So every producer of hailong uses `producer_config`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from schemas.topics import Topic


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """Addresses and credentials of a Kafka cluster.

    Attributes:
        bootstrap_servers: `host:port`, separated by commas.
        security_protocol: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
        sasl_mechanism: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, with a SASL protocol.
        sasl_username: User, with a SASL protocol.
        sasl_password: Password, with a SASL protocol; hidden in `repr`.
        ssl_ca_file: Certificates that are trusted; None for the system's.
        ssl_certificate_file: Our certificate, if the cluster requires one.
        ssl_key_file: Its key.
        topic_prefix: Beginning of every topic name.
        session_timeout_ms: Time without a heartbeat after which a group member is removed.
    """

    bootstrap_servers: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ssl_ca_file: Path | None = None
    ssl_certificate_file: Path | None = None
    ssl_key_file: Path | None = None
    topic_prefix: str = "hailong."
    session_timeout_ms: int = 45_000

    def topic_name(self, topic: Topic) -> str:
        """Full name of a topic in this deployment."""
        return topic.value.name(self.topic_prefix)

    def client_config(self) -> dict[str, str | int | bool]:
        """Settings of librdkafka that every client needs."""
        settings: dict[str, str | int | bool | None] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
            "sasl.mechanism": self.sasl_mechanism,
            "sasl.username": self.sasl_username,
            "sasl.password": self.sasl_password,
            "ssl.ca.location": _text(self.ssl_ca_file),
            "ssl.certificate.location": _text(self.ssl_certificate_file),
            "ssl.key.location": _text(self.ssl_key_file),
        }
        return {name: value for name, value in settings.items() if value is not None}

    def producer_config(self) -> dict[str, str | int | bool]:
        """Settings of every producer: nothing lost or doubled by retries, Java's partitioner."""
        return {
            **self.client_config(),
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "compression.type": "lz4",
        }

    def consumer_config(self, group: str) -> dict[str, str | int | bool]:
        """Settings of every consumer: we commit offsets ourselves, once the work is done."""
        return {
            **self.client_config(),
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            # By default librdkafka waits a second with the next fetch after its queue was full.
            "fetch.queue.backoff.ms": 10,
            "session.timeout.ms": self.session_timeout_ms,
            "heartbeat.interval.ms": min(3000, self.session_timeout_ms // 3),
        }


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
