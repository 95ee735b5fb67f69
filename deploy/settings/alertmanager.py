"""Settings of the delivery to Alertmanager."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from deploy.settings.group import SettingsGroup, option
from sinks.alerts.alertmanager.options import AlertmanagerOptions


class AlertmanagerSettings(SettingsGroup):
    """Which Alertmanagers get alerts, and how patiently; meaning and defaults: `AlertmanagerOptions`."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_ALERTMANAGER_")

    urls: str | None = None
    user: str | None = option(AlertmanagerOptions, "user")
    password: SecretStr | None = option(AlertmanagerOptions, "password")
    token: SecretStr | None = option(AlertmanagerOptions, "token")
    ca_file: Path | None = option(AlertmanagerOptions, "ca_file")
    group: str = option(AlertmanagerOptions, "group", pattern=r"^[a-zA-Z0-9._-]{1,100}$")
    severity: str = option(AlertmanagerOptions, "severity", pattern=r"^[a-zA-Z0-9_-]{1,40}$")
    link_base: AnyHttpUrl | None = option(AlertmanagerOptions, "link_base")
    resend_s: float = option(AlertmanagerOptions, "resend_s", gt=0, le=3600)
    hold_s: float = option(AlertmanagerOptions, "hold_s", gt=0, le=86_400)
    timeout_s: float = option(AlertmanagerOptions, "timeout_s", gt=0, le=120)
    retry_initial_s: float = option(AlertmanagerOptions, "retry_initial_s", gt=0, le=60)
    retry_max_s: float = option(AlertmanagerOptions, "retry_max_s", gt=0, le=3600)
    connect_timeout_s: float = option(AlertmanagerOptions, "connect_timeout_s", gt=0, le=600)
    stall_after_s: float = option(AlertmanagerOptions, "stall_after_s", gt=0, le=86_400)

    def problems(self) -> Iterator[str]:
        """What the options object to, if an Alertmanager is wanted at all, and which files must exist."""
        yield from super().problems()
        if self.urls is not None:
            yield from self.option_problems(self.options)

    def options(self) -> AlertmanagerOptions:
        """The options that `sinks.alerts.alertmanager.run` takes; there must be an address.

        Raises:
            ConfigurationError: The options contradict each other.
        """
        addresses = (self.urls or "").split(",")
        return self.build(AlertmanagerOptions, urls=tuple(url.strip() for url in addresses if url.strip()))


class AlertmanagerProcessSettings(AlertmanagerSettings):
    """The same for the process that sends: it needs an address."""

    urls: str = Field(description="Addresses that alerts are sent to, with commas between them.")
