"""Settings of the webhook."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from deploy.settings.group import GROUP_NAME, SettingsGroup, option
from sinks.alerts.webhook import WebhookOptions


class WebhookSettings(SettingsGroup):
    """Where alerts are POSTed, and how patiently; meaning and defaults: `WebhookOptions`."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_WEBHOOK_")

    url: AnyHttpUrl | None = None
    secret: SecretStr | None = option(WebhookOptions, "secret")
    group: str = option(WebhookOptions, "group", pattern=GROUP_NAME)
    timeout_s: float = option(WebhookOptions, "timeout_s", gt=0, le=120)
    retry_initial_s: float = option(WebhookOptions, "retry_initial_s", gt=0, le=60)
    retry_max_s: float = option(WebhookOptions, "retry_max_s", gt=0, le=3600)
    connect_timeout_s: float = option(WebhookOptions, "connect_timeout_s", gt=0, le=600)
    stall_after_s: float = option(WebhookOptions, "stall_after_s", gt=0, le=86_400)

    def problems(self) -> Iterator[str]:
        """What the options object to, if a webhook is wanted at all."""
        if self.url is not None:
            yield from self.option_problems(self.options)

    def options(self) -> WebhookOptions:
        """The options that `sinks.alerts.webhook.run_webhook` takes; there must be an address."""
        return self.build(WebhookOptions)


class WebhookProcessSettings(WebhookSettings):
    """The same for the process that sends: it needs an address."""

    url: AnyHttpUrl = Field(description="Address that alerts are sent to.")
