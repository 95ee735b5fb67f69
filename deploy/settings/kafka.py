"""Settings of the Kafka cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from deploy.settings.group import SettingsGroup, option
from schemas.kafka.connection import KafkaConnection


class KafkaSettings(SettingsGroup):
    """How to reach Kafka (meaning and defaults: `KafkaConnection`), and how topics are created."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_KAFKA_")

    bootstrap_servers: str = Field(description="host:port of one or more brokers, separated by commas.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = option(
        KafkaConnection, "security_protocol"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = option(
        KafkaConnection, "sasl_mechanism"
    )
    sasl_username: str | None = option(KafkaConnection, "sasl_username")
    sasl_password: SecretStr | None = option(KafkaConnection, "sasl_password")
    ssl_ca_file: Path | None = option(KafkaConnection, "ssl_ca_file")
    ssl_certificate_file: Path | None = option(KafkaConnection, "ssl_certificate_file")
    ssl_key_file: Path | None = option(KafkaConnection, "ssl_key_file")
    topic_prefix: str = option(KafkaConnection, "topic_prefix", pattern=r"^[a-zA-Z0-9._-]{0,100}$")
    session_timeout_ms: int = option(KafkaConnection, "session_timeout_ms", ge=6_000, le=300_000)
    partitions: int = Field(default=4, ge=1, le=1000)  # of each topic when it is created
    replication_factor: int = Field(default=1, ge=1, le=10)  # copies of each topic when it is created

    @field_validator("bootstrap_servers")
    @classmethod
    def _hosts(cls, value: str) -> str:
        for server in value.split(","):
            host, colon, port = server.strip().rpartition(":")
            if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65_536:
                raise ValueError("must be host:port, or several of them separated by commas")
        return ",".join(server.strip() for server in value.split(","))

    def problems(self) -> Iterator[str]:
        """Which settings go together, and which files must exist."""
        sasl, protocol = self.security_protocol.startswith("SASL"), self.variable("security_protocol")
        for name in ("sasl_mechanism", "sasl_username", "sasl_password"):
            if sasl and getattr(self, name) is None:
                yield f"{self.variable(name)} is not set, but {protocol} is {self.security_protocol}."
            if not sasl and getattr(self, name) is not None:
                yield f"{self.variable(name)} is set, but {protocol} is not a SASL protocol."
        if (self.ssl_certificate_file is None) != (self.ssl_key_file is None):
            yield "HAILONG_KAFKA_SSL_CERTIFICATE_FILE and HAILONG_KAFKA_SSL_KEY_FILE go together: set both or neither."
        yield from super().problems()

    def connection(self) -> KafkaConnection:
        """The connection that producers, workers and sinks take."""
        return self.build(KafkaConnection)
