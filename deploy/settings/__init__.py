"""Settings: typed, read once at the start, every problem listed at once.

`read_variables` gathers the `HAILONG_*` variables, `load` and `check` turn them into the settings objects of a
component, and the objects build what the other packages take as parameters. Nothing outside `deploy` reads the
environment.
"""

from deploy.settings.clickhouse import ClickHouseSettings
from deploy.settings.group import SettingsGroup
from deploy.settings.kafka import KafkaSettings
from deploy.settings.load import check, load
from deploy.settings.process import HttpSettings, LogSettings
from deploy.settings.variables import ENV_FILE, read_variables

__all__ = [
    "ENV_FILE",
    "ClickHouseSettings",
    "HttpSettings",
    "KafkaSettings",
    "LogSettings",
    "SettingsGroup",
    "check",
    "load",
    "read_variables",
]
