"""Whole numbers of Avro and Kafka: zigzag, seven bits a byte, the lowest first (see `schemas.codec.varint`)."""

from __future__ import annotations

import numpy as np

from schemas.vectorized.kernels.compiled import Bytes, part

_MOST_BYTES = 9
"""Of a number that kernels read: 63 bits, so that no sum here can overflow. No good record holds a larger one."""


@part
def read_long(data: Bytes, at: int | np.int64, end: int | np.int64) -> tuple[np.int64, np.int64]:
    """The number at a place, and the place after it.

    The place is -1 where there is no number below `end`, one of more than 63 bits, or one in more bytes than it needs.
    """
    if at < 0 or at >= end:
        return np.int64(0), np.int64(-1)
    byte = np.int64(data[at])
    at += 1
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), np.int64(at)
    number, shift = byte & 0x7F, 7
    while shift < 7 * _MOST_BYTES and at < end:
        byte = np.int64(data[at])
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), np.int64(at if byte else -1)
    return np.int64(0), np.int64(-1)


@part
def write_long(out: Bytes, at: int | np.int64, number: int | np.int64) -> np.int64:
    """Write a number as Avro does; the place after it."""
    rest = np.uint64((number << 1) ^ (number >> 63))
    while rest > np.uint64(0x7F):
        out[at] = np.uint8(rest & np.uint64(0x7F)) | np.uint8(0x80)
        rest >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(rest)
    return np.int64(at + 1)
