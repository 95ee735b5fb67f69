"""Settings of the loader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from deploy.settings.dead_letters import DeadLetterSettings
from sinks.clickhouse.loader.options import MIB, SinkOptions


class SinkSettings(DeadLetterSettings):
    """How the loader runs."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_SINK_")
    title: ClassVar[str] = "Sink"

    group: str = Field(
        default="hailong.sink",
        pattern=r"^[a-zA-Z0-9._-]{1,200}$",
        description="Its consumer group; one for each ClickHouse that is filled.",
    )
    group_instance_id: str | None = Field(
        default=None,
        pattern=r"^[a-zA-Z0-9._-]{1,200}$",
        description="Fixed name of this sink in its group: a quick restart then moves no partitions.",
    )
    flush_rows: int = Field(
        default=100_000, ge=1, le=500_000, description="A topic's records are inserted when there are so many."
    )
    flush_bytes: int = Field(default=32 * MIB, ge=65_536, le=1024 * MIB, description="Or when they are so large.")
    flush_interval_s: float = Field(default=1.0, gt=0, le=60, description="Or when the oldest is so many seconds old.")
    max_buffer_bytes: int = Field(
        default=128 * MIB, ge=65_536, le=8192 * MIB, description="Bytes read and not stored; beyond it reading pauses."
    )
    commit_interval_s: float = Field(default=1.0, gt=0, le=60, description="Seconds between commits of stored offsets.")
    insert_timeout_s: float = Field(
        default=60.0, gt=0, le=240, description="Seconds ClickHouse may take to answer before a block is repeated."
    )
    retry_initial_s: float = Field(default=0.1, gt=0, le=60, description="Pause before the first repetition.")
    retry_max_s: float = Field(default=10.0, gt=0, le=300, description="Longest pause between repetitions.")
    connect_timeout_s: float = Field(
        default=10.0, gt=0, le=600, description="Seconds to reach Kafka and ClickHouse at the start."
    )
    shutdown_timeout_s: float = Field(
        default=8.0, gt=0, le=600, description="Seconds to stop in; what is not stored then is read again."
    )
    revoke_timeout_s: float = Field(
        default=10.0, gt=0, le=300, description="Seconds a rebalance waits for the insert in hand."
    )
    identity_check_s: float = Field(
        default=30.0, gt=0, le=3600, description="Seconds between looks whether topics were made anew."
    )
    max_refused: int = Field(
        default=100, ge=1, description="More bad rows than this in one batch are taken for a fault of the tables."
    )
    stall_after_s: float = Field(
        default=120.0, gt=0, description="Seconds with lag and without progress after which the sink is unhealthy."
    )

    def problems(self) -> Iterator[str]:
        """Whether the buffers hold at least one flush."""
        if self.max_buffer_bytes < self.flush_bytes:
            yield "HAILONG_SINK_MAX_BUFFER_BYTES must not be less than HAILONG_SINK_FLUSH_BYTES."
        if self.dead_letter_window < self.dead_letter_minimum:
            yield "HAILONG_SINK_DEAD_LETTER_WINDOW must not be less than HAILONG_SINK_DEAD_LETTER_MINIMUM."

    def options(self) -> SinkOptions:
        """What `sinks.clickhouse.loader.run_sink` takes."""
        ours = set(DeadLetterSettings.model_fields)
        return SinkOptions(**self.model_dump(exclude=ours), dead_letter_limit=self.dead_letter_limit())
