"""When a process stops because too many records are refused; worker and sink each have these under their own prefix."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from deploy.settings.group import SettingsGroup, option
from schemas.dead_letters.limit import DeadLetterLimit


class DeadLetterSettings(SettingsGroup):
    """The dead-letter limit; base of the settings of processes that refuse records."""

    dead_letter_share: float = option(DeadLetterLimit, "share", gt=0, le=1)
    dead_letter_minimum: int = option(DeadLetterLimit, "minimum", ge=1, le=1_000_000)
    dead_letter_window: int = option(DeadLetterLimit, "window", ge=1, le=1_000_000)

    def problems(self) -> Iterator[str]:
        """What the limit and the options object to."""
        yield from (broken := tuple(self.option_problems(self.dead_letter_limit, "dead_letter_")))
        if not broken:  # else the options cannot be built
            yield from self.option_problems(self.options)

    @abstractmethod
    def options(self) -> object:
        """The options of the process."""

    def dead_letter_limit(self) -> DeadLetterLimit:
        """The limit that the options of workers and sinks take."""
        return DeadLetterLimit(self.dead_letter_share, self.dead_letter_minimum, self.dead_letter_window)
