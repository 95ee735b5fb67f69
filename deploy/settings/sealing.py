"""Settings of the keys that seal names and phone numbers."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from deploy.settings.group import SettingsGroup
from schemas.contacts.sealing import SealingKeys
from schemas.errors import ConfigurationError


class SealingSettings(SettingsGroup):
    """The sealing keys."""

    model_config = SettingsConfigDict(env_prefix="HAILONG_")

    # `id:base64 of 32 bytes`, separated by commas; the first one seals, each of them opens.
    sealing_keys: SecretStr | None = None

    def problems(self) -> Iterator[str]:
        """Whether the keys are well-formed."""
        try:
            self.keys()
        except ConfigurationError as error:
            yield from (f"HAILONG_SEALING_KEYS: {problem}" for problem in error.problems)

    def keys(self) -> SealingKeys | None:
        """The keys; None if none are set: then contacts cannot be accepted."""
        return None if self.sealing_keys is None else SealingKeys.parse(self.sealing_keys.get_secret_value())
