"""Settings of the ClickHouse loader."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from deploy.settings.dead_letters import DeadLetterSettings
from deploy.settings.group import GROUP_NAME, option
from sinks.clickhouse.loader.options import MIB, SinkOptions


class SinkSettings(DeadLetterSettings):
    """How the loader runs; meaning and defaults: `SinkOptions`."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_SINK_")

    group: str = option(SinkOptions, "group", pattern=GROUP_NAME)
    group_instance_id: str | None = option(SinkOptions, "group_instance_id", pattern=GROUP_NAME)
    flush_rows: int = option(SinkOptions, "flush_rows", ge=1, le=500_000)
    flush_bytes: int = option(SinkOptions, "flush_bytes", ge=65_536, le=1024 * MIB)
    flush_interval_s: float = option(SinkOptions, "flush_interval_s", gt=0, le=60)
    max_buffer_bytes: int = option(SinkOptions, "max_buffer_bytes", ge=65_536, le=8192 * MIB)
    commit_interval_s: float = option(SinkOptions, "commit_interval_s", gt=0, le=60)
    insert_timeout_s: float = option(SinkOptions, "insert_timeout_s", gt=0, le=240)
    retry_initial_s: float = option(SinkOptions, "retry_initial_s", gt=0, le=60)
    retry_max_s: float = option(SinkOptions, "retry_max_s", gt=0, le=300)
    connect_timeout_s: float = option(SinkOptions, "connect_timeout_s", gt=0, le=600)
    shutdown_timeout_s: float = option(SinkOptions, "shutdown_timeout_s", gt=0, le=600)
    revoke_timeout_s: float = option(SinkOptions, "revoke_timeout_s", gt=0, le=300)
    identity_check_s: float = option(SinkOptions, "identity_check_s", gt=0, le=3600)
    max_refused: int = option(SinkOptions, "max_refused", ge=1)
    stall_after_s: float = option(SinkOptions, "stall_after_s", gt=0)

    def options(self) -> SinkOptions:
        """The options that `sinks.clickhouse.loader.run.run_sink` takes."""
        return self.build(SinkOptions, dead_letter_limit=self.dead_letter_limit())
