"""Texts of records: their bytes as kernels take them, and hashes and keys made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from schemas.vectorized.kernels.bodies import RecordColumns
from schemas.vectorized.kernels.compiled import Bools, Bytes, Hashes, Longs, kernel, part

FIXED_SEED = np.uint64(0xCBF29CE484222325)
"""Start of hashes that are stored, or compared between processes."""
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0xFF51AFD7ED558CCD)


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


@part
def hash_of(data: Bytes, at: int | np.int64, end: int | np.int64, seed: np.uint64) -> np.uint64:
    """A hash of 64 bits: FNV-1a, with the end of MurmurHash3 so that its low bits can name a slot."""
    value = seed
    for place in range(at, end):
        value = (value ^ np.uint64(data[place])) * _PRIME
    value = (value ^ (value >> np.uint64(33))) * _MIX
    return value ^ (value >> np.uint64(33))


@part
def same_bytes(one: Bytes, at: np.int64, other: Bytes, there: np.int64, size: np.int64) -> bool:
    """Whether two stretches of so many bytes are equal."""
    for step in range(size):
        if one[at + step] != other[there + step]:
            return False
    return True


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
