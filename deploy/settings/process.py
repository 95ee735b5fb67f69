"""Settings that every long-running process has: its log and its HTTP port."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from deploy.settings.group import SettingsGroup


class LogSettings(SettingsGroup):
    """What is logged, and how."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_LOG_")

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important messages that are still logged."
    )
    format: Literal["auto", "console", "json"] = Field(
        default="auto", description="console for people, json for machines; auto: console on a terminal, else json."
    )


class HttpSettings(SettingsGroup):
    """Where `/metrics` and `/health` are served."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_HTTP_")

    host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 inside a container.")
    port: int = Field(default=9464, ge=0, le=65_535, description="Port to listen on; 0: any free one, which is logged.")
