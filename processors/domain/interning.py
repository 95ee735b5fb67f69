"""Small integers for the codes that repeat in millions of events: a row of the status log is numbers only."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import polars as pl


class Interner:
    """Numbers texts from 1 in order of first sight; 0 stands for an absent text."""

    __slots__ = ("_numbers", "_texts")

    def __init__(self) -> None:
        self._texts: list[str | None] = [None]
        self._numbers: dict[str, int] = {}

    def encode(self, column: pl.Series) -> npt.NDArray[np.uint32]:
        """Numbers of a text column, new texts learned on the way."""
        distinct = column.unique().drop_nulls()
        for text in distinct.to_list():
            if text not in self._numbers:
                self._numbers[text] = len(self._texts)
                self._texts.append(text)
        if distinct.is_empty():
            return np.zeros(len(column), np.uint32)
        numbers = pl.Series([self._numbers[text] for text in distinct.to_list()], dtype=pl.UInt32)
        coded = column.replace_strict(distinct, numbers, default=None, return_dtype=pl.UInt32)
        return coded.fill_null(0).to_numpy()

    def decode(self, number: int) -> str | None:
        """The text behind a number."""
        return self._texts[number]

    def texts(self) -> list[str]:
        """The texts in order of their numbers, from 1."""
        return [text for text in self._texts if text is not None]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Interner:
        """The interner that gave these texts their numbers."""
        made = cls()
        for text in texts:
            made._numbers[text] = len(made._texts)
            made._texts.append(text)
        return made

    def __len__(self) -> int:
        """How many texts are known."""
        return len(self._numbers)
