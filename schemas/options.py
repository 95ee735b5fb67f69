"""Options that check themselves when they are created and report all problems at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Protocol

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


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


def duration_problems(options: DataclassInstance) -> Iterator[str]:
    """One sentence for each field in seconds (`..._s`) that is not more than 0."""
    for field in fields(options):
        if field.name.endswith("_s") and getattr(options, field.name) <= 0:
            yield f"{field.name} must be more than 0"
