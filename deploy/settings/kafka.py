"""Settings of the Kafka cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from deploy.settings.load import SettingsGroup
from schemas.kafka.connection import KafkaConnection


class KafkaSettings(SettingsGroup):
    """How to reach Kafka, and how its topics are made."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_KAFKA_")
    title: ClassVar[str] = "Kafka"

    bootstrap_servers: str = Field(description="host:port of one or more brokers, separated by commas.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="How to connect: with SSL or SASL_SSL the connection is encrypted."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        default=None, description="How to log in, with a SASL protocol."
    )
    sasl_username: str | None = Field(default=None, description="User, with a SASL protocol.")
    sasl_password: SecretStr | None = Field(default=None, description="Password, with a SASL protocol.")
    ssl_ca_file: Path | None = Field(default=None, description="Certificates to trust (PEM); unset: the system's.")
    ssl_certificate_file: Path | None = Field(
        default=None, description="Our certificate (PEM), if the cluster wants one."
    )
    ssl_key_file: Path | None = Field(default=None, description="The key of our certificate (PEM, not encrypted).")
    topic_prefix: str = Field(
        default="hailong.", pattern=r"^[a-zA-Z0-9._-]{0,100}$", description="What every topic name begins with."
    )
    partitions: int = Field(default=4, ge=1, le=1000, description="Partitions of each topic when it is created.")
    replication_factor: int = Field(default=1, ge=1, le=10, description="Copies of each topic when it is created.")
    session_timeout_ms: int = Field(
        default=45_000, ge=6_000, le=300_000, description="Milliseconds without heartbeat until a member is given up."
    )

    @field_validator("bootstrap_servers")
    @classmethod
    def _hosts(cls, value: str) -> str:
        for server in value.split(","):
            host, colon, port = server.strip().rpartition(":")
            if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65_536:
                raise ValueError("must be host:port, or several of them separated by commas")
        return ",".join(server.strip() for server in value.split(","))

    def problems(self) -> Iterator[str]:
        """Which settings go together, and which files must be there."""
        sasl, protocol = self.security_protocol.startswith("SASL"), self.variable("security_protocol")
        for name in ("sasl_mechanism", "sasl_username", "sasl_password"):
            if sasl and getattr(self, name) is None:
                yield f"{self.variable(name)} is not set, but {protocol} is {self.security_protocol}."
            if not sasl and getattr(self, name) is not None:
                yield f"{self.variable(name)} is set, but {protocol} is not a SASL protocol."
        if (self.ssl_certificate_file is None) != (self.ssl_key_file is None):
            yield "HAILONG_KAFKA_SSL_CERTIFICATE_FILE and HAILONG_KAFKA_SSL_KEY_FILE go together: set both or neither."
        for name in ("ssl_ca_file", "ssl_certificate_file", "ssl_key_file"):
            path = getattr(self, name)
            if path is not None and not path.is_file():
                yield f"{self.variable(name)} names a file that does not exist: {path}."

    def connection(self) -> KafkaConnection:
        """What producers, workers and sinks take."""
        return KafkaConnection(
            bootstrap_servers=self.bootstrap_servers,
            security_protocol=self.security_protocol,
            sasl_mechanism=self.sasl_mechanism,
            sasl_username=self.sasl_username,
            sasl_password=self.sasl_password.get_secret_value() if self.sasl_password else None,
            ssl_ca_file=self.ssl_ca_file,
            ssl_certificate_file=self.ssl_certificate_file,
            ssl_key_file=self.ssl_key_file,
            topic_prefix=self.topic_prefix,
            session_timeout_ms=self.session_timeout_ms,
        )
