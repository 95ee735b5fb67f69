"""Small integers for the codes that repeat in millions of events: offices, teams, tax codes, kinds.

A text is checked when it is met for the first time, and looked up from then on. So rules may be written for people, one
text at a time, and hold for millions of events at the price of a table lookup.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.vectorized.kernels.compiled import Bools, Bytes, Hashes, Ints, Longs, UInts, kernel
from schemas.vectorized.kernels.texts import Strings, hash_of, same_bytes

_LEAST_SLOTS = 256
_SEED = np.uint64(int.from_bytes(os.urandom(8), "little"))
"""Secret of this process: nobody outside can choose texts that all want the same slot."""

UNKNOWN = np.uint32(0xFFFFFFFF)
"""Code of a text that is not in the table."""


def ensure_capacity(array: npt.NDArray[Any], needed: int) -> npt.NDArray[Any]:
    """The array, or a copy with room for at least so many rows; its size doubles, so adding a row costs the same."""
    if needed <= len(array):
        return array
    larger = np.zeros((max(needed, 2 * len(array)), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


class StringBuilder:
    """Texts to which others are added."""

    __slots__ = ("_data", "_offsets", "count")

    def __init__(self) -> None:
        self.count = 0
        self._data = np.zeros(0, np.uint8)
        self._offsets = np.zeros(1, np.int64)

    def extend(self, texts: Sequence[str]) -> None:
        """Add texts."""
        first, new = self.count, Strings.of(texts)
        self.count += len(texts)
        end = int(self._offsets[first])
        self._offsets = ensure_capacity(self._offsets, self.count + 1)
        self._offsets[first : self.count + 1] = end + new.offsets
        self._data = ensure_capacity(self._data, end + len(new.data))
        self._data[end : end + len(new.data)] = new.data

    @property
    def strings(self) -> Strings:
        """The texts so far; not changed by those that are added later."""
        return Strings(self._data, self._offsets[: self.count + 1])


class StringInterner:
    """Gives each distinct text one number for good; for texts that are Python strings already."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._new: list[str] = []
        self._known = StringBuilder()

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self._numbers)

    def intern(self, text: str) -> int:
        """The number of a text; a new text gets the next number."""
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self._numbers)
            self._new.append(text)
        return found

    @property
    def strings(self) -> Strings:
        """All texts in order of their numbers; not changed by those that are entered later."""
        if self._new:
            self._known.extend(self._new)
            self._new = []
        return self._known.strings


class StringTable(NamedTuple):
    """A hash table of texts; each text has a code, which is its place in `strings`. Code 0 stands for no text.

    Attributes:
        seed: Start of the hashes.
        slots: The code of each slot, 0 in an empty one; their number is a power of two, and some are empty.
        hashes: The hash of the text of each code.
        strings: The text of each code.
    """

    seed: np.uint64
    slots: UInts
    hashes: Hashes
    strings: Strings


class StringDictionary:
    """Gives each distinct text in the bytes of records a number from 1, in order of arrival; 0 stands for no text.

    Args:
        accepts: Whether a text may be in the dictionary.
        texts: The texts that it begins with, in order of their numbers.
    """

    __slots__ = ("_accepts", "_hashes", "_known", "_slots", "_table", "_texts")

    def __init__(self, accepts: Callable[[str], bool], texts: Sequence[str] = ()) -> None:
        self._accepts = accepts
        self._texts: list[str | None] = [None]
        self._slots = np.zeros(_LEAST_SLOTS, np.uint32)
        self._hashes = np.zeros(_LEAST_SLOTS // 2, np.uint64)
        self._known = StringBuilder()
        self._known.extend([""])  # for code 0
        self._enter(texts)

    def __len__(self) -> int:
        """How many texts are known."""
        return len(self._texts) - 1

    @property
    def texts(self) -> Sequence[str | None]:
        """The text of each number; None for 0."""
        return self._texts

    @property
    def strings(self) -> Strings:
        """The same as kernels take them, '' for 0; not changed by texts that are learned later."""
        return self._known.strings

    def encode(
        self,
        data: npt.NDArray[np.uint8],
        begins: npt.NDArray[np.int64],
        sizes: npt.NDArray[np.int32],
        fit: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.uint32]:
        """The numbers of texts; new texts are learned on the way.

        Args:
            data: The bytes that the texts are in.
            begins: Where each text begins.
            sizes: How many bytes it has; -1 for none.
            fit: Which rows to look at; set to False for rows whose text is not accepted.
        """
        codes, missed = np.empty(len(begins), np.uint32), np.empty(len(begins), np.int64)
        asked = np.empty(len(begins), np.uint64)
        known = len(self)
        while count := int(find(data, begins, sizes, fit, self._table, codes, missed, asked)):
            # Each hash once: of two new texts with one hash the second is learned in the next round.
            _hashes, firsts = np.unique(asked[:count], return_index=True)
            rows = missed[firsts].tolist()
            texts = [data[begins[row] : begins[row] + sizes[row]].tobytes() for row in rows]
            self._enter(list(self._accepted(texts)))
            if len(self) == known:
                fit &= codes != UNKNOWN
                break
            known = len(self)
        return codes

    def _accepted(self, texts: Iterable[bytes]) -> Iterator[str]:
        for text in texts:
            try:
                word = text.decode()
            except UnicodeDecodeError:
                continue
            if self._accepts(word):
                yield word

    def _enter(self, texts: Sequence[str]) -> None:
        first, last = len(self._texts), len(self._texts) + len(texts)
        self._hashes = ensure_capacity(self._hashes, last)
        self._known.extend(texts)
        self._texts += texts
        if 2 * last > len(self._slots):  # at most half full: a search ends soon
            self._slots = np.zeros(2 * len(self._slots) << (2 * last // len(self._slots)).bit_length(), np.uint32)
            first = 1
        self._table = StringTable(_SEED, self._slots, self._hashes, self._known.strings)
        learn(self._table, first, last)


@kernel
def find(
    data: Bytes, begins: Longs, sizes: Ints, fit: Bools, table: StringTable, codes: UInts, missed: Longs, asked: Hashes
) -> int:
    """Look texts up.

    Args:
        data: Bytes.
        begins: Where each text begins.
        sizes: How long it is; -1 for none, whose code is 0.
        fit: Which of them to look up.
        table: The known texts.
        codes: The code of each text; written here, `UNKNOWN` where it is not in the table.
        missed: Rows of the unknown; written here.
        asked: Hashes of the unknown; written here.

    Returns:
        How many are unknown.
    """
    mask = np.uint64(len(table.slots) - 1)
    store, offsets = table.strings
    count = 0
    for row in range(len(begins)):
        size = np.int64(sizes[row])
        if not fit[row] or size < 0:
            codes[row] = 0
            continue
        at = begins[row]
        value = hash_of(data, at, at + size, table.seed)
        slot = value & mask
        code = table.slots[slot]
        while code:
            first = offsets[code]
            same_size = offsets[code + 1] - first == size
            if table.hashes[code] == value and same_size and same_bytes(store, first, data, at, size):
                break
            slot = (slot + np.uint64(1)) & mask
            code = table.slots[slot]
        codes[row] = code or UNKNOWN
        if not code:
            missed[count] = row
            asked[count] = value
            count += 1
    return count


@kernel
def learn(table: StringTable, first: int, last: int) -> None:
    """Enter the texts with codes from `first` up to `last` into the slots; their bytes are in the table already."""
    mask = np.uint64(len(table.slots) - 1)
    store, offsets = table.strings
    for code in range(first, last):
        value = hash_of(store, offsets[code], offsets[code + 1], table.seed)
        table.hashes[code] = value
        slot = value & mask
        while table.slots[slot]:
            slot = (slot + np.uint64(1)) & mask
        table.slots[slot] = code
