"""Version 5 UUIDs (RFC 9562), many at once. `schemas.ids` makes the same one by one."""

from __future__ import annotations

import numpy as np

from schemas.vectorized.kernels.compiled import Bytes, Hashes, Longs, kernel, part
from schemas.vectorized.kernels.rows import copied
from schemas.vectorized.kernels.texts import Strings

LETTERS = 36
"""Of a UUID as text."""

_BLOCK = 64
_ROUNDS = 80
_WORD = np.uint64(0xFFFFFFFF)
_START = np.array([0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0], np.uint64)
_CONSTANTS = np.array([0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6], np.uint64)
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


@part
def _rotated(word: np.uint64, bits: np.uint64) -> np.uint64:
    return ((word << bits) | (word >> (np.uint64(32) - bits))) & _WORD


@kernel
def sha1(data: Bytes, size: int | np.int64, words: Hashes, digest: Hashes) -> None:
    """SHA-1 (FIPS 180-4) of the first bytes of an array.

    Args:
        data: The bytes, with room for 72 more: the padding is written behind them.
        size: How many.
        words: Room for 80 words.
        digest: The five words of the result.
    """
    end = (size + 8) // _BLOCK * _BLOCK + _BLOCK
    data[size] = 0x80
    for place in range(size + 1, end):
        data[place] = 0
    bits = size * 8
    for step in range(4):
        data[end - 1 - step] = (bits >> (8 * step)) & 0xFF
    digest[:] = _START
    for block in range(0, end, _BLOCK):
        for step in range(16):
            word = np.uint64(0)
            for byte in range(4):
                word = (word << np.uint64(8)) | np.uint64(data[block + 4 * step + byte])
            words[step] = word
        for step in range(16, _ROUNDS):
            mixed = words[step - 3] ^ words[step - 8] ^ words[step - 14] ^ words[step - 16]
            words[step] = _rotated(mixed, np.uint64(1))
        a, b, c, d, e = digest[0], digest[1], digest[2], digest[3], digest[4]
        for step in range(_ROUNDS):
            if step < 20:
                chosen = (b & c) | (~b & d & _WORD)
            elif 40 <= step < 60:
                chosen = (b & c) | (b & d) | (c & d)
            else:
                chosen = b ^ c ^ d
            following = _rotated(a, np.uint64(5)) + chosen + e + _CONSTANTS[step // 20] + words[step]
            a, b, c, d, e = following & _WORD, a, _rotated(b, np.uint64(30)), c, d
        digest[0] = (digest[0] + a) & _WORD
        digest[1] = (digest[1] + b) & _WORD
        digest[2] = (digest[2] + c) & _WORD
        digest[3] = (digest[3] + d) & _WORD
        digest[4] = (digest[4] + e) & _WORD


@kernel
def name_uuids(
    before: Bytes,
    separator: int,
    digits: int,
    keys: Longs,
    sheets: Longs,
    rests: Longs,
    kept: Strings,
    fresh: Strings,
    out: Bytes,
) -> None:
    """Write a UUID for each name: `before`, the key in so many digits, a fresh text, a kept text, with separators.

    Args:
        before: Namespace, and what all names begin with, its separator included.
        separator: Stands after the key and after the fresh text.
        digits: Of a key.
        keys: The keys.
        sheets: Places of the fresh texts.
        rests: Places of the kept texts.
        kept: Texts.
        fresh: Other texts.
        out: `LETTERS` for each name are written here.
    """
    kept_data, kept_offsets = kept
    fresh_data, fresh_offsets = fresh
    most = 0
    for row in range(len(keys)):
        size = fresh_offsets[sheets[row] + 1] - fresh_offsets[sheets[row]]
        most = max(most, size + kept_offsets[rests[row] + 1] - kept_offsets[rests[row]])
    name = np.empty(len(before) + digits + 2 + most + _BLOCK + 8, np.uint8)
    words, digest = np.empty(_ROUNDS, np.uint64), np.empty(5, np.uint64)
    for row in range(len(keys)):
        at = copied(before, 0, len(before), name, 0)
        rest = keys[row]
        for step in range(digits - 1, -1, -1):
            name[at + step] = 0x30 + rest % 10
            rest //= 10
        at += digits
        name[at] = separator
        at = copied(fresh_data, fresh_offsets[sheets[row]], fresh_offsets[sheets[row] + 1], name, at + 1)
        name[at] = separator
        at = copied(kept_data, kept_offsets[rests[row]], kept_offsets[rests[row] + 1], name, at + 1)
        sha1(name, at, words, digest)
        digest[1] = (digest[1] & np.uint64(0xFFFF0FFF)) | np.uint64(0x5000)
        digest[2] = (digest[2] & np.uint64(0x3FFFFFFF)) | np.uint64(0x80000000)
        place = row * LETTERS
        for letter in range(32):
            if letter in (8, 12, 16, 20):
                out[place] = 0x2D
                place += 1
            out[place] = _HEX[(digest[letter >> 3] >> np.uint64(28 - 4 * (letter & 7))) & np.uint64(15)]
            place += 1
