"""Texts as numbers: a table of texts that were met, and what is asked of every single one."""

from __future__ import annotations

import numpy as np

from schemas.vectorized.kernels.compiled import Bools, Bytes, Hashes, Ints, Longs, UInts, kernel, part

FIXED_SEED = np.uint64(0xCBF29CE484222325)
"""Start of hashes that are kept, or compared between processes."""
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0xFF51AFD7ED558CCD)

UNKNOWN = np.uint32(0xFFFFFFFF)
"""Code of a text that is not in the table."""


@part
def hash_of(data: Bytes, at: int | np.int64, end: int | np.int64, seed: np.uint64) -> np.uint64:
    """A hash of 64 bits: FNV-1a, with the end of MurmurHash3 so that its low bits can name a slot."""
    value = seed
    for place in range(at, end):
        value = (value ^ np.uint64(data[place])) * _PRIME
    value = (value ^ (value >> np.uint64(33))) * _MIX
    return value ^ (value >> np.uint64(33))


@kernel
def hashes_of(data: Bytes, begins: Longs, sizes: Ints, letters: Bools, most: int, fit: Bools, hashes: Hashes) -> None:
    """Hash texts of 1 to `most` bytes, all of which `letters` allows; a record with another text is no longer fit."""
    for row in range(len(begins)):
        if not fit[row]:
            continue
        at, size = begins[row], sizes[row]
        good = 1 <= size <= most
        if good:
            for place in range(at, at + size):
                good = good and letters[data[place]]
        fit[row] = good
        if good:
            hashes[row] = hash_of(data, at, at + size, FIXED_SEED)


@kernel
def keys_of(data: Bytes, spans: Longs, begins: Longs, sizes: Ints, digits: int, fit: Bools, keys: Longs) -> None:
    """Turn keys into numbers, where a text is the key and one digit more; else a record is no longer fit."""
    for row in range(len(begins)):
        if not fit[row]:
            continue
        at, key = begins[row], spans[row, 0]
        good = sizes[row] == digits + 1 and spans[row, 1] - key == digits
        number = np.int64(0)
        if good:
            for step in range(digits):
                byte = np.int64(data[at + step])
                good = good and 0x30 <= byte <= 0x39 and byte == np.int64(data[key + step])
                number = number * 10 + byte - 0x30
            last = data[at + digits]
            good = good and 0x30 <= last <= 0x39
        fit[row] = good
        keys[row] = number


@kernel
def find(
    data: Bytes,
    begins: Longs,
    sizes: Ints,
    fit: Bools,
    seed: np.uint64,
    slots: UInts,
    hashes: Hashes,
    places: Longs,
    store: Bytes,
    codes: UInts,
    missed: Longs,
    asked: Hashes,
) -> int:
    """Look texts up.

    Args:
        data: Bytes.
        begins: Where each text begins.
        sizes: How long it is; -1 for none, whose code is 0.
        fit: Which of them are asked for.
        seed: Of the table's hashes.
        slots: Codes by hash, 0 in an empty slot; as many as a power of two, and some of them empty.
        hashes: Hash of the text of each code.
        places: Where in the store it begins, for each code and one more.
        store: The bytes of all texts.
        codes: The code of each text; written here, `UNKNOWN` where it is not in the table.
        missed: Rows of the unknown; likewise.
        asked: Hashes of the unknown; likewise.

    Returns:
        How many are unknown.
    """
    mask = np.uint64(len(slots) - 1)
    count = 0
    for row in range(len(begins)):
        size = np.int64(sizes[row])
        if not fit[row] or size < 0:
            codes[row] = 0
            continue
        at = begins[row]
        value = hash_of(data, at, at + size, seed)
        slot = value & mask
        code = slots[slot]
        while code:
            first = places[code]
            if hashes[code] == value and places[code + 1] - first == size and _same(store, first, data, at, size):
                break
            slot = (slot + np.uint64(1)) & mask
            code = slots[slot]
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
def learn(store: Bytes, places: Longs, first: int, last: int, seed: np.uint64, slots: UInts, hashes: Hashes) -> None:
    """Enter the texts with codes from `first` up to `last`, whose bytes are in the store, into the slots."""
    mask = np.uint64(len(slots) - 1)
    for code in range(first, last):
        value = hash_of(store, places[code], places[code + 1], seed)
        hashes[code] = value
        slot = value & mask
        while slots[slot]:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = code
