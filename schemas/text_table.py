"""Small integers for the codes that repeat in millions of events: offices, teams, tax codes, kinds.

A text is judged when it is met for the first time, and looked up from then on. So rules may be written for people, one
text at a time, and hold for millions of events at the price of a look into a table.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.kernels.texts import UNKNOWN, find, learn
from schemas.roomy import roomy

_LEAST_SLOTS = 256
_SEED = np.uint64(int.from_bytes(os.urandom(8), "little"))
"""Of this process alone: whoever could foresee slots could send texts that all want the same one."""


class TextTable:
    """Numbers texts from 1, as they come; 0 stands for an absent text.

    Args:
        accepts: Whether a text may be in the table.
        texts: Those that it begins with, in order of their numbers.
    """

    __slots__ = ("_accepts", "_hashes", "_places", "_slots", "_store", "_texts")

    def __init__(self, accepts: Callable[[str], bool], texts: Sequence[str] = ()) -> None:
        self._accepts = accepts
        self._texts: list[str | None] = [None]
        self._slots = np.zeros(_LEAST_SLOTS, np.uint32)
        self._hashes = np.zeros(_LEAST_SLOTS // 2, np.uint64)
        self._places = np.zeros(_LEAST_SLOTS // 2 + 1, np.int64)
        self._store = np.zeros(_LEAST_SLOTS * 4, np.uint8)
        self._enter([text.encode() for text in texts])

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
            self._enter(list(filter(self._is_accepted, texts)))
            if len(self) == known:
                fit &= codes != UNKNOWN
                break
            known = len(self)
        return codes

    def _find(self, data: Any, begins: Any, sizes: Any, fit: Any, codes: Any, missed: Any, asked: Any) -> int:
        table = _SEED, self._slots, self._hashes, self._places, self._store
        count: int = find(data, begins, sizes, fit, *table, codes, missed, asked)
        return count

    def _is_accepted(self, text: bytes) -> bool:
        return text.isascii() and self._accepts(text.decode())

    def _enter(self, texts: Sequence[bytes]) -> None:
        first, last = len(self._texts), len(self._texts) + len(texts)
        end = int(self._places[first])
        ends = end + np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
        self._hashes = roomy(self._hashes, last)
        self._places = roomy(self._places, last + 1)
        self._store = roomy(self._store, int(ends[-1]) if texts else end)
        self._places[first + 1 : last + 1] = ends
        self._store[end : end + sum(map(len, texts))] = np.frombuffer(b"".join(texts), np.uint8)
        self._texts += [text.decode() for text in texts]
        if 2 * last > len(self._slots):  # at most half full: a search ends soon
            self._slots = np.zeros(2 * len(self._slots) << (2 * last // len(self._slots)).bit_length(), np.uint32)
            first = 1
        learn(self._store, self._places, first, last, _SEED, self._slots, self._hashes)
