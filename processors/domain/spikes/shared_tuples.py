"""One object for equal tuples: a history of years holds the same few again and again."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

_MOST = 100_000
T = TypeVar("T", bound=tuple[Any, ...])


class SharedTuples(Generic[T]):
    """Gives the same object for equal tuples, as long as they are not too many."""

    def __init__(self) -> None:
        self._known: dict[T, T] = {}

    def shared(self, values: T) -> T:
        """The tuple that was first given with these values."""
        if values not in self._known and len(self._known) >= _MOST:
            self._known.clear()
        return self._known.setdefault(values, values)
