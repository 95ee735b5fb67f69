"""All settings of hailong in one list: what is known, and what the example file must explain."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.settings.alertmanager import AlertmanagerSettings
from deploy.settings.clickhouse import ClickHouseSettings
from deploy.settings.kafka import KafkaSettings
from deploy.settings.load import SettingsGroup
from deploy.settings.process import HttpSettings, LogSettings
from deploy.settings.registry import RegistrySettings
from deploy.settings.sealing import SealingSettings
from deploy.settings.sink import SinkSettings
from deploy.settings.webhook import WebhookSettings
from deploy.settings.worker import WorkerSettings

GROUPS: tuple[type[SettingsGroup], ...] = (
    KafkaSettings,
    ClickHouseSettings,
    WorkerSettings,
    SinkSettings,
    WebhookSettings,
    AlertmanagerSettings,
    SealingSettings,
    RegistrySettings,
    LogSettings,
    HttpSettings,
)


def known_variables() -> Mapping[str, str]:
    """Every variable and what it is for."""
    return {name: purpose for group in GROUPS for name, purpose in group.variables().items()}
