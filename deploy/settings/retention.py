"""Settings of how long ClickHouse keeps rows."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic_settings import SettingsConfigDict

from deploy.settings.group import SettingsGroup, option
from sinks.clickhouse.retention.options import Retention


class RetentionSettings(SettingsGroup):
    """How long rows are kept; meaning and defaults: `Retention`."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_CLICKHOUSE_KEEP_")

    declarations_days: int | None = option(Retention, "declarations_days", le=36_500)
    satisfaction_days: int | None = option(Retention, "satisfaction_days", le=36_500)

    def problems(self) -> Iterator[str]:
        """What the options object to."""
        yield from self.option_problems(self.retention)
        yield from super().problems()

    def retention(self) -> Retention:
        """What `migrate` takes."""
        return self.build(Retention)
