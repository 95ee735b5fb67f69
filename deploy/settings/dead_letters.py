"""When a process stops instead of setting aside more: the same question to workers and sinks, each under its prefix."""

from __future__ import annotations

from pydantic import Field

from deploy.settings.load import SettingsGroup
from schemas.dead_letters.limit import DeadLetterLimit


class DeadLetterSettings(SettingsGroup):
    """The limit of refused records; to be inherited by the settings of what refuses."""

    dead_letter_share: float = Field(
        default=0.2,
        gt=0,
        le=1,
        description="Stop when more than this part of the last records of a partition was refused; 1: never.",
    )
    dead_letter_minimum: int = Field(
        default=100, ge=1, le=1_000_000, description="Never stop for fewer refused records than this."
    )
    dead_letter_window: int = Field(
        default=1000, ge=1, le=1_000_000, description="How many of the last records of a partition are looked at."
    )

    def dead_letter_limit(self) -> DeadLetterLimit:
        """What the options of workers and sinks take."""
        return DeadLetterLimit(self.dead_letter_share, self.dead_letter_minimum, self.dead_letter_window)
