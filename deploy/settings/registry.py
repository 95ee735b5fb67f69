"""Settings of the Schema Registry, which is optional."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import AnyHttpUrl, SecretStr
from pydantic_settings import SettingsConfigDict

from deploy.settings.group import SettingsGroup, option
from schemas.codec.record import WriterSchemas, pinned_only
from schemas.errors import ConfigurationError
from schemas.registry.client import Registry, RegistryWriterSchemas
from schemas.registry.http import RegistryConnection


class RegistrySettings(SettingsGroup):
    """How to reach a Schema Registry; meaning and defaults: `RegistryConnection`."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_SCHEMA_REGISTRY_")

    url: AnyHttpUrl | None = None
    user: str | None = option(RegistryConnection, "user")
    password: SecretStr | None = option(RegistryConnection, "password")
    ca_file: Path | None = option(RegistryConnection, "ca_file")
    timeout_s: float = option(RegistryConnection, "timeout_s", gt=0, le=60)

    def problems(self) -> Iterator[str]:
        """Which settings go together, and which files must exist."""
        if (self.user is None) != (self.password is None):
            yield "HAILONG_SCHEMA_REGISTRY_USER and HAILONG_SCHEMA_REGISTRY_PASSWORD go together: set both or neither."
        yield from super().problems()

    def registry(self, topic_prefix: str) -> Registry:
        """The registry.

        Raises:
            ConfigurationError: No address is set.
        """
        if self.url is None:
            raise ConfigurationError(
                ["HAILONG_SCHEMA_REGISTRY_URL is not set: set the address of the registry to register schemas in."]
            )
        return Registry(self.build(RegistryConnection, url=str(self.url).rstrip("/"), topic_prefix=topic_prefix))

    def writer_schemas(self, topic_prefix: str) -> WriterSchemas:
        """Where a reader gets schemas that are not pinned: from the registry, if there is one."""
        return pinned_only if self.url is None else RegistryWriterSchemas(self.registry(topic_prefix))
