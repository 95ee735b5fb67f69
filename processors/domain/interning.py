"""Small integers for the codes that repeat in millions of events: a row of the status log is numbers only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl


class Interner:
    """Numbers texts from 1, as they come; 0 stands for an absent text."""

    __slots__ = ("_categories", "_column", "_count", "_texts")

    def __init__(self) -> None:
        self._categories = pl.Categories.random()
        # polars forgets the categories that no column has any more; this one keeps them.
        self._column = pl.Series([], dtype=pl.Categorical(self._categories))
        self._count = 0
        self._texts: Sequence[str | None] = ()

    def encode(self, column: pl.Series) -> npt.NDArray[np.uint32]:
        """Numbers of a text column, new texts learned on the way."""
        numbers = (column.cast(self._column.dtype).to_physical() + 1).fill_null(0).to_numpy()
        self._count = max(self._count, int(numbers.max(initial=0)))
        return numbers

    def decoded(self) -> Sequence[str | None]:
        """The text behind each number that was given so far; None behind 0."""
        if len(self._texts) <= self._count:
            self._texts = [None, *self.texts()]
        return self._texts

    def texts(self) -> list[str]:
        """The texts in order of their numbers, from 1."""
        return self._categories.to_series().to_list()

    @classmethod
    def of(cls, texts: Sequence[str]) -> Interner:
        """The interner that gave these texts their numbers."""
        made = cls()
        numbers = made.encode(pl.Series(texts, dtype=pl.String))
        assert np.array_equal(numbers, np.arange(1, len(texts) + 1))  # else every restored row would be misread
        return made

    def __len__(self) -> int:
        """How many texts are known."""
        return self._count
