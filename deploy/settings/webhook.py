"""Settings of the webhook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from deploy.settings.load import SettingsGroup
from schemas.errors import ConfigurationError
from sinks.alerts import WebhookOptions


class WebhookSettings(SettingsGroup):
    """Where alerts are sent, and how patiently."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_WEBHOOK_")
    title: ClassVar[str] = "Webhook"

    url: AnyHttpUrl | None = Field(default=None, description="Where each alert is POSTed as JSON; unset: nowhere.")
    secret: SecretStr | None = Field(
        default=None, description="Key of the signature by which the receiver knows us; unset: no signature."
    )
    group: str = Field(default="hailong.webhook", pattern=r"^[a-zA-Z0-9._-]{1,200}$", description="Its consumer group.")
    timeout_s: float = Field(default=10.0, gt=0, le=120, description="Seconds the receiver may take to answer.")
    retry_initial_s: float = Field(default=0.5, gt=0, le=60, description="Pause before the first repetition.")
    retry_max_s: float = Field(default=60.0, gt=0, le=3600, description="Longest pause between repetitions.")
    connect_timeout_s: float = Field(default=10.0, gt=0, le=600, description="Seconds to reach Kafka at the start.")

    def problems(self) -> Iterator[str]:
        """Whether what is set can work."""
        if self.url is not None:
            try:
                self.options()
            except ConfigurationError as error:
                yield from (f"HAILONG_WEBHOOK_URL: {problem}." for problem in error.problems)

    def options(self) -> WebhookOptions:
        """What `sinks.alerts.run_webhook` takes.

        Raises:
            ConfigurationError: No address is set.
        """
        if self.url is None:
            raise ConfigurationError(["HAILONG_WEBHOOK_URL is not set: where are alerts to be sent?"])
        return WebhookOptions(
            url=str(self.url),
            secret=self.secret.get_secret_value() if self.secret else None,
            group=self.group,
            timeout_s=self.timeout_s,
            retry_initial_s=self.retry_initial_s,
            retry_max_s=self.retry_max_s,
            connect_timeout_s=self.connect_timeout_s,
        )
