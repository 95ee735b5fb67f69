"""Texts by number, as kernels take them: all bytes in one array, and where each begins in another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from schemas.kernels.rows import ABSENT


class Texts(NamedTuple):
    """Some texts.

    Attributes:
        store: Their bytes.
        places: Where each begins, and where the last one ends.
    """

    store: npt.NDArray[np.uint8]
    places: npt.NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Texts of ASCII letters.

        Raises:
            UnicodeEncodeError: One has others.
        """
        places = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=places[1:])
        return cls(np.frombuffer("".join(texts).encode("ascii"), np.uint8), places)

    def behind(self, other: Self) -> Self:
        """The other texts, and then these."""
        store = np.concatenate((other.store, self.store))
        return self._replace(store=store, places=np.concatenate((other.places[:-1], self.places + other.places[-1])))


class TextStore:
    """Texts that are met again and again; each has one number for good."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: Texts | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self._numbers)

    def number(self, text: str) -> int:
        """The number of a text of ASCII letters; a new one is entered."""
        found = self._numbers.setdefault(text, len(self._numbers))
        if found == len(self._numbers) - 1:
            self._texts = None
        return found

    def numbers(self, texts: Iterable[str | None]) -> npt.NDArray[np.int64]:
        """The numbers of texts; `ABSENT` for None."""
        return np.array([ABSENT if text is None else self.number(text) for text in texts], np.int64)

    @property
    def texts(self) -> Texts:
        """All of them, in order of their numbers."""
        if self._texts is None:
            self._texts = Texts.of(list(self._numbers))
        return self._texts
