"""Small integers for the codes that repeat in millions of events: offices, teams, tax codes, kinds.

A text is judged when it is met for the first time, and looked up from then on. So rules may be written for people, one
text at a time, and hold for millions of events at the price of a look into a table.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.vectorized.growable_array import ensure_capacity
from schemas.vectorized.kernels.texts import UNKNOWN, find, learn
from schemas.vectorized.string_arena import StringBuilder

_LEAST_SLOTS = 256
_SEED = np.uint64(int.from_bytes(os.urandom(8), "little"))
"""Of this process alone: whoever could foresee slots could send texts that all want the same one."""


class StringDictionary:
    """Numbers texts from 1, as they come; 0 stands for an absent text.

    Args:
        accepts: Whether a text may be in the table.
        texts: Those that it begins with, in order of their numbers.
    """

    __slots__ = ("_accepts", "_hashes", "_known", "_slots", "_texts")

    def __init__(self, accepts: Callable[[str], bool], texts: Sequence[str] = ()) -> None:
        self._accepts = accepts
        self._texts: list[str | None] = [None]
        self._slots = np.zeros(_LEAST_SLOTS, np.uint32)
        self._hashes = np.zeros(_LEAST_SLOTS // 2, np.uint64)
        self._known = StringBuilder()
        self._known.extend([""])  # behind 0
        self._enter(texts)

    def __len__(self) -> int:
        """How many texts are known."""
        return len(self._texts) - 1

    @property
    def texts(self) -> Sequence[str | None]:
        """The text behind each number; None behind 0."""
        return self._texts

    def encode(
        self,
        data: npt.NDArray[np.uint8],
        begins: npt.NDArray[np.int64],
        sizes: npt.NDArray[np.int32],
        fit: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.uint32]:
        """Numbers of texts; new ones are learned on the way.

        Args:
            data: The bytes that they are in.
            begins: Where each begins.
            sizes: How many bytes each has; -1 for an absent one.
            fit: Which of them are asked for; a text that is not accepted takes the mark from its row.
        """
        codes, missed = np.empty(len(begins), np.uint32), np.empty(len(begins), np.int64)
        asked = np.empty(len(begins), np.uint64)
        known = len(self)
        while count := self._find(data, begins, sizes, fit, codes, missed, asked):
            # Each once; of two with one hash the second is met in the next round.
            _hashes, firsts = np.unique(asked[:count], return_index=True)
            rows = missed[firsts].tolist()
            texts = [data[begins[row] : begins[row] + sizes[row]].tobytes() for row in rows]
            self._enter(list(self._accepted(texts)))
            if len(self) == known:
                fit &= codes != UNKNOWN
                break
            known = len(self)
        return codes

    def _find(self, data: Any, begins: Any, sizes: Any, fit: Any, codes: Any, missed: Any, asked: Any) -> int:
        store, places = self._known.texts
        table = _SEED, self._slots, self._hashes, places, store
        count: int = find(data, begins, sizes, fit, *table, codes, missed, asked)
        return count

    def _accepted(self, texts: Iterable[bytes]) -> Iterator[str]:
        for text in texts:
            if text.isascii() and self._accepts(word := text.decode()):
                yield word

    def _enter(self, texts: Sequence[str]) -> None:
        first, last = len(self._texts), len(self._texts) + len(texts)
        self._hashes = ensure_capacity(self._hashes, last)
        self._known.extend(texts)
        self._texts += texts
        if 2 * last > len(self._slots):  # at most half full: a search ends soon
            self._slots = np.zeros(2 * len(self._slots) << (2 * last // len(self._slots)).bit_length(), np.uint32)
            first = 1
        store, places = self._known.texts
        learn(store, places, first, last, _SEED, self._slots, self._hashes)
