"""Options that check themselves when they are made, and name every problem at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Protocol

from schemas.errors import ConfigurationError


class Checked(Protocol):
    """Base of option dataclasses: `_problems` yields one sentence for each value that cannot work."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigurationError: Some cannot work.
        """
        problems = tuple(self._problems())
        if problems:
            raise ConfigurationError(problems)

    @abstractmethod
    def _problems(self) -> Iterator[str]:
        """One sentence for each value that cannot work."""
