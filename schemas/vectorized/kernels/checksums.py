"""CRC-32 as zlib computes it, eight bytes a step.

Source: Kounavis and Berry, "A Systematic Approach to Building High Performance Software-based CRC Generators", 2005.
"""

from __future__ import annotations

import zlib

import numpy as np

from schemas.vectorized.kernels.compiled import Bytes, UInts, part

_STEP = 8


def _tables() -> UInts:
    """What each byte does to the checksum, for each number of bytes that follow it in a step."""
    tables = np.zeros((_STEP, 256), np.uint32)
    tables[0] = [zlib.crc32(bytes([byte]), 0xFFFFFFFF) ^ 0xFFFFFFFF for byte in range(256)]
    for step in range(1, _STEP):
        before = tables[step - 1]
        tables[step] = (before >> np.uint32(8)) ^ tables[0][before & np.uint32(0xFF)]
    return tables


_TABLES = _tables()


@part
def crc32(data: Bytes, at: int | np.int64, end: int | np.int64) -> np.uint32:
    """The checksum of the bytes from `at` up to `end`, which must lie inside."""
    crc = np.uint32(0xFFFFFFFF)
    while at + 8 <= end:
        low = (
            np.uint32(data[at])
            | (np.uint32(data[at + 1]) << np.uint32(8))
            | (np.uint32(data[at + 2]) << np.uint32(16))
            | (np.uint32(data[at + 3]) << np.uint32(24))
        )
        low ^= crc
        crc = (
            _TABLES[7, low & np.uint32(0xFF)]
            ^ _TABLES[6, (low >> np.uint32(8)) & np.uint32(0xFF)]
            ^ _TABLES[5, (low >> np.uint32(16)) & np.uint32(0xFF)]
            ^ _TABLES[4, low >> np.uint32(24)]
            ^ _TABLES[3, data[at + 4]]
            ^ _TABLES[2, data[at + 5]]
            ^ _TABLES[1, data[at + 6]]
            ^ _TABLES[0, data[at + 7]]
        )
        at += 8
    while at < end:
        crc = (crc >> np.uint32(8)) ^ _TABLES[0, (crc ^ np.uint32(data[at])) & np.uint32(0xFF)]
        at += 1
    return crc ^ np.uint32(0xFFFFFFFF)
