"""Settings of the Schema Registry, which is optional."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from deploy.settings.load import SettingsGroup
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.errors import ConfigurationError
from schemas.registry.client import Registry, RegistryConnection, RegistryWriterSchemas


class RegistrySettings(SettingsGroup):
    """How to reach a Schema Registry."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_SCHEMA_REGISTRY_")
    title: ClassVar[str] = "Schema Registry"

    url: AnyHttpUrl | None = Field(default=None, description="Its address; unset: none is used, and none is needed.")
    user: str | None = Field(default=None, description="User, where it wants one.")
    password: SecretStr | None = Field(default=None, description="Password of the user.")
    ca_file: Path | None = Field(default=None, description="Certificates to trust (PEM); unset: the system's.")
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Seconds to wait for an answer.")

    def problems(self) -> Iterator[str]:
        """Which settings go together, and which files must be there."""
        if (self.user is None) != (self.password is None):
            yield "HAILONG_SCHEMA_REGISTRY_USER and HAILONG_SCHEMA_REGISTRY_PASSWORD go together: set both or neither."
        if self.ca_file is not None and not self.ca_file.is_file():
            yield f"HAILONG_SCHEMA_REGISTRY_CA_FILE names a file that does not exist: {self.ca_file}."

    def registry(self, topic_prefix: str) -> Registry:
        """The registry.

        Raises:
            ConfigurationError: None is set.
        """
        if self.url is None:
            raise ConfigurationError(["HAILONG_SCHEMA_REGISTRY_URL is not set: where are schemas to be registered?"])
        return Registry(
            RegistryConnection(
                url=str(self.url).rstrip("/"),
                user=self.user,
                password=self.password.get_secret_value() if self.password else None,
                ca_file=self.ca_file,
                timeout_s=self.timeout_s,
                topic_prefix=topic_prefix,
            )
        )

    def writer_schemas(self, topic_prefix: str) -> WriterSchemas:
        """Where schemas come from that are not pinned."""
        return pinned_only if self.url is None else RegistryWriterSchemas(self.registry(topic_prefix))
