"""Settings of the ClickHouse server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from deploy.settings.group import SettingsGroup, option
from sinks.clickhouse.connection import ClickHouseConnection


class ClickHouseSettings(SettingsGroup):
    """How to reach ClickHouse by its native protocol; meaning and defaults: `ClickHouseConnection`."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_CLICKHOUSE_")

    # Required, although the option has a default: a forgotten setting must not mean a server on this machine.
    host: str = Field(description="Host of the ClickHouse server.")
    port: int = option(ClickHouseConnection, "port", ge=1, le=65_535)
    http_port: int | None = Field(
        None, ge=1, le=65_535, description="Port of HTTP, for clients of your own: hailong itself does not use it."
    )
    reader_user: str | None = Field(
        None, description="A user who may only read, for clients of your own: hailong itself does not use it."
    )
    reader_password: SecretStr | None = Field(None, description="The password of that user.")
    user: str = option(ClickHouseConnection, "user", min_length=1)
    password: SecretStr = option(ClickHouseConnection, "password")
    database: str = option(ClickHouseConnection, "database", pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")
    secure: bool = option(ClickHouseConnection, "secure")
    ca_file: Path | None = option(ClickHouseConnection, "ca_file")
    view_definer: str = option(ClickHouseConnection, "view_definer", max_length=200)
    cluster: str = option(ClickHouseConnection, "cluster", pattern=r"^[A-Za-z0-9_.-]{0,100}$")

    def problems(self) -> Iterator[str]:
        """Which settings go together, and which files must exist."""
        if self.ca_file is not None and not self.secure:
            yield "HAILONG_CLICKHOUSE_CA_FILE is set, but HAILONG_CLICKHOUSE_SECURE is not true."
        yield from super().problems()

    def connection(self) -> ClickHouseConnection:
        """The connection that sinks and migrations take."""
        return self.build(ClickHouseConnection)
