"""Texts by number, as kernels take them: all bytes in one array, and where each begins in another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from schemas.vectorized.growable_array import ensure_capacity


class Strings(NamedTuple):
    """Some texts.

    Attributes:
        store: Their bytes, and perhaps more behind them.
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

    def and_then(self, others: Self) -> Self:
        """These texts, and then the others."""
        end = self.places[-1]
        places = np.concatenate((self.places[:-1], others.places + end))
        return self._replace(store=np.concatenate((self.store[:end], others.store)), places=places)


class StringBuilder:
    """Texts to which others are added."""

    __slots__ = ("_places", "_store", "count")

    def __init__(self) -> None:
        self.count = 0
        self._store = np.zeros(0, np.uint8)
        self._places = np.zeros(1, np.int64)

    def extend(self, texts: Sequence[str]) -> None:
        """Add texts of ASCII letters."""
        first, new = self.count, Strings.of(texts)
        self.count += len(texts)
        end = int(self._places[first])
        self._places = ensure_capacity(self._places, self.count + 1)
        self._places[first : self.count + 1] = end + new.places
        self._store = ensure_capacity(self._store, end + len(new.store))
        self._store[end : end + len(new.store)] = new.store

    @property
    def texts(self) -> Strings:
        """Those that are there now; not changed by those that are added later."""
        return Strings(self._store, self._places[: self.count + 1])


class StringInterner:
    """Texts that are met again and again; each has one number for good."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._new: list[str] = []
        self._known = StringBuilder()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._numbers)

    def number(self, text: str) -> int:
        """The number of a text of ASCII letters; a new one is entered."""
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self._numbers)
            self._new.append(text)
        return found

    @property
    def texts(self) -> Strings:
        """All of them, in order of their numbers; not changed by those that are entered later."""
        if self._new:
            self._known.extend(self._new)
            self._new = []
        return self._known.texts
