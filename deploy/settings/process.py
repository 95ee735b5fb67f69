"""Settings of every long-running process: its log, and its HTTP port."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from deploy.settings.group import SettingsGroup


class LogSettings(SettingsGroup):
    """Level and format of the logs."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_LOG_")

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"  # auto: console on a terminal, else json


class HttpSettings(SettingsGroup):
    """Where `/metrics` and `/health` are served."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_HTTP_")

    host: str = "127.0.0.1"  # address to listen on; 0.0.0.0 in a container
    port: int = Field(default=9464, ge=0, le=65_535)  # port to listen on; 0: any free port, which is logged
