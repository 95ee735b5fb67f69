"""Settings: typed, read once at the start, all problems listed together.

`read_variables` collects the `HAILONG_*` variables. `load` and `check` turn them into settings objects, and these build
the option objects of the other packages. Only `deploy` reads the environment.
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
