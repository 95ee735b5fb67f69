"""Settings of the delivery through Alertmanager."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from deploy.settings.load import SettingsGroup
from schemas.errors import ConfigurationError
from sinks.alerts import AlertmanagerOptions


class AlertmanagerSettings(SettingsGroup):
    """Which Alertmanagers get alerts, and how patiently."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_ALERTMANAGER_")
    title: ClassVar[str] = "Alertmanager"

    urls: str | None = Field(
        default=None, description="Addresses of one or more Alertmanagers, separated by commas; unset: none."
    )
    user: str | None = Field(default=None, description="User, where they want one.")
    password: SecretStr | None = Field(default=None, description="Password of the user.")
    token: SecretStr | None = Field(default=None, description="Bearer token, instead of a user.")
    ca_file: Path | None = Field(default=None, description="Certificates to trust (PEM); unset: the system's.")
    group: str = Field(
        default="hailong.alertmanager",
        pattern=r"^[a-zA-Z0-9._-]{1,100}$",
        description="What its consumer groups begin with; each Alertmanager has one.",
    )
    severity: str = Field(
        default="warning", pattern=r"^[a-zA-Z0-9_-]{1,40}$", description="The label `severity` of every alert."
    )
    link_base: AnyHttpUrl | None = Field(
        default=None, description="What the link of an alert begins with; its id is appended. Unset: no link."
    )
    resend_s: float = Field(default=60.0, gt=0, le=3600, description="Open alerts are sent again after so long.")
    hold_s: float = Field(
        default=600.0, gt=0, le=86_400, description="An open alert that is not sent again is held for so long."
    )
    timeout_s: float = Field(default=10.0, gt=0, le=120, description="Seconds an Alertmanager may take to answer.")
    retry_initial_s: float = Field(default=0.5, gt=0, le=60, description="Pause before the first repetition.")
    retry_max_s: float = Field(default=60.0, gt=0, le=3600, description="Longest pause between repetitions.")
    connect_timeout_s: float = Field(default=10.0, gt=0, le=600, description="Seconds to reach Kafka at the start.")
    stall_after_s: float = Field(
        default=120.0, gt=0, le=86_400, description="After so long in which none took anything /health says 503."
    )

    def problems(self) -> Iterator[str]:
        """Whether what is set can work."""
        if self.ca_file is not None and not self.ca_file.is_file():
            yield f"HAILONG_ALERTMANAGER_CA_FILE names a file that does not exist: {self.ca_file}."
        if self.urls is not None:
            try:
                self.options()
            except ConfigurationError as error:
                yield from (f"HAILONG_ALERTMANAGER_*: {problem}." for problem in error.problems)

    def options(self) -> AlertmanagerOptions:
        """What `sinks.alerts.run_alertmanager` takes.

        Raises:
            ConfigurationError: No address is set, or what is set cannot work.
        """
        if self.urls is None:
            raise ConfigurationError(["HAILONG_ALERTMANAGER_URLS is not set: where are alerts to be sent?"])
        return AlertmanagerOptions(
            urls=tuple(url.strip() for url in self.urls.split(",") if url.strip()),
            user=self.user,
            password=self.password.get_secret_value() if self.password else None,
            token=self.token.get_secret_value() if self.token else None,
            ca_file=self.ca_file,
            group=self.group,
            severity=self.severity,
            link_base=str(self.link_base) if self.link_base else None,
            resend_s=self.resend_s,
            hold_s=self.hold_s,
            timeout_s=self.timeout_s,
            retry_initial_s=self.retry_initial_s,
            retry_max_s=self.retry_max_s,
            connect_timeout_s=self.connect_timeout_s,
            stall_after_s=self.stall_after_s,
        )
