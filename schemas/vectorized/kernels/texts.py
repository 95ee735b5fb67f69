"""Texts as numbers: looking up known texts, and checking and hashing the texts that differ from record to record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from schemas.vectorized.kernels.bodies import RecordColumns
from schemas.vectorized.kernels.compiled import Bools, Bytes, Hashes, Ints, Longs, UInts, kernel, part

FIXED_SEED = np.uint64(0xCBF29CE484222325)
"""Start of hashes that are stored, or compared between processes."""
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0xFF51AFD7ED558CCD)

UNKNOWN = np.uint32(0xFFFFFFFF)
"""Code of a text that is not in the table."""


class Strings(NamedTuple):
    """Texts as kernels take them.

    Attributes:
        data: The bytes of all texts, and perhaps more behind them.
        offsets: Where in `data` each text begins, and where the last one ends.
    """

    data: Bytes
    offsets: Longs

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """These texts in UTF-8."""
        together = "".join(texts)
        sizes = map(len, texts if together.isascii() else [text.encode() for text in texts])
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.fromiter(sizes, np.int64, len(texts)), out=offsets[1:])
        return cls(np.frombuffer(together.encode(), np.uint8), offsets)

    def and_then(self, others: Self) -> Self:
        """These texts, followed by the others."""
        end = self.offsets[-1]
        offsets = np.concatenate((self.offsets[:-1], others.offsets + end))
        return self._replace(data=np.concatenate((self.data[:end], others.data)), offsets=offsets)


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


@part
def hash_of(data: Bytes, at: int | np.int64, end: int | np.int64, seed: np.uint64) -> np.uint64:
    """A hash of 64 bits: FNV-1a, with the end of MurmurHash3 so that its low bits can name a slot."""
    value = seed
    for place in range(at, end):
        value = (value ^ np.uint64(data[place])) * _PRIME
    value = (value ^ (value >> np.uint64(33))) * _MIX
    return value ^ (value >> np.uint64(33))


@kernel
def hashes_of(data: Bytes, found: RecordColumns, column: int, letters: Bools, most: int, hashes: Hashes) -> None:
    """Hash one text of each fit record; a record is no longer fit if the text breaks the rule.

    Args:
        data: Bytes.
        found: The records.
        column: Of the text.
        letters: For each byte whether the text may have it.
        most: Length of the longest text allowed; an empty one never is.
        hashes: Written here.
    """
    for row in range(len(found.fit)):
        if not found.fit[row]:
            continue
        at, size = found.values[column, row], found.sizes[column, row]
        good = 1 <= size <= most
        if good:
            for place in range(at, at + size):
                good = good and letters[data[place]]
        found.fit[row] = good
        if good:
            hashes[row] = hash_of(data, at, at + size, FIXED_SEED)


@kernel
def keys_of(data: Bytes, spans: Longs, found: RecordColumns, column: int, digits: int, keys: Longs) -> None:
    """Turn the key of each fit record into a number; a record is no longer fit if its text is not the key and a digit.

    Args:
        data: Bytes.
        spans: For each record begin and end of its key, then of its value.
        found: The records.
        column: Of the text that begins with the key.
        digits: Length of a key.
        keys: Written here.
    """
    for row in range(len(found.fit)):
        if not found.fit[row]:
            continue
        at, key = found.values[column, row], spans[row, 0]
        good = found.sizes[column, row] == digits + 1 and spans[row, 1] - key == digits
        number = np.int64(0)
        if good:
            for step in range(digits):
                byte = np.int64(data[at + step])
                good = good and 0x30 <= byte <= 0x39 and byte == np.int64(data[key + step])
                number = number * 10 + byte - 0x30
            last = data[at + digits]
            good = good and 0x30 <= last <= 0x39
        found.fit[row] = good
        keys[row] = number


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
            if table.hashes[code] == value and same_size and _same(store, first, data, at, size):
                break
            slot = (slot + np.uint64(1)) & mask
            code = table.slots[slot]
        codes[row] = code or UNKNOWN
        if not code:
            missed[count] = row
            asked[count] = value
            count += 1
    return count


@part
def _same(one: Bytes, at: np.int64, other: Bytes, there: np.int64, size: np.int64) -> bool:
    for step in range(size):
        if one[at + step] != other[there + step]:
            return False
    return True


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
