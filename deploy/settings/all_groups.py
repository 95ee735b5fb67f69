"""All groups of settings; deploy/hailong.env.example explains each of their variables."""

from __future__ import annotations

from deploy.settings.alertmanager import AlertmanagerSettings
from deploy.settings.clickhouse import ClickHouseSettings
from deploy.settings.group import SettingsGroup
from deploy.settings.kafka import KafkaSettings
from deploy.settings.process import HttpSettings, LogSettings
from deploy.settings.reference import ReferenceSettings
from deploy.settings.registry import RegistrySettings
from deploy.settings.retention import RetentionSettings
from deploy.settings.sealing import SealingSettings
from deploy.settings.sink import SinkSettings
from deploy.settings.webhook import WebhookSettings
from deploy.settings.worker import WorkerSettings

GROUPS: tuple[type[SettingsGroup], ...] = (
    KafkaSettings,
    ClickHouseSettings,
    RetentionSettings,
    WorkerSettings,
    SinkSettings,
    WebhookSettings,
    AlertmanagerSettings,
    SealingSettings,
    RegistrySettings,
    ReferenceSettings,
    LogSettings,
    HttpSettings,
)


def known_variables() -> set[str]:
    """Names of all variables that hailong reads."""
    return {name for group in GROUPS for name in group.variables()}
