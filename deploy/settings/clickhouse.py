"""Settings of the ClickHouse server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from deploy.settings.load import SettingsGroup
from sinks.clickhouse.connection import ClickHouseConnection


class ClickHouseSettings(SettingsGroup):
    """How to reach ClickHouse by its native protocol."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_CLICKHOUSE_")
    title: ClassVar[str] = "ClickHouse"

    host: str = Field(description="Host of the ClickHouse server.")
    port: int = Field(default=9000, ge=1, le=65_535, description="Port of its native protocol (with TLS usually 9440).")
    user: str = Field(default="default", min_length=1, description="User.")
    password: SecretStr = Field(default=SecretStr(""), description="Password of the user.")
    database: str = Field(
        default="hailong",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$",
        description="Database; `hailong migrate` creates it.",
    )
    secure: bool = Field(default=False, description="Whether to use TLS: true or false.")
    ca_file: Path | None = Field(default=None, description="Certificates to trust (PEM); unset: the system's.")

    def problems(self) -> Iterator[str]:
        """Which settings go together, and which files must be there."""
        if self.ca_file is not None and not self.secure:
            yield "HAILONG_CLICKHOUSE_CA_FILE is set, but HAILONG_CLICKHOUSE_SECURE is not true."
        if self.ca_file is not None and not self.ca_file.is_file():
            yield f"HAILONG_CLICKHOUSE_CA_FILE names a file that does not exist: {self.ca_file}."

    def connection(self) -> ClickHouseConnection:
        """What sinks and migrations take."""
        return ClickHouseConnection(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password.get_secret_value(),
            database=self.database,
            secure=self.secure,
            ca_file=self.ca_file,
        )
