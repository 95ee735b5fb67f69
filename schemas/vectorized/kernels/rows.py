"""Rows of numbers to Avro: the body of each record, one field after the other."""

from __future__ import annotations

import numpy as np

from schemas.vectorized.kernels.compiled import Bytes, Longs, kernel, part
from schemas.vectorized.kernels.texts import Strings

NUMBER, TEXT, BYTE, SET = range(4)
"""Kinds of fields: a whole number or a place in an enum, the number of a text, a byte as it is (a boolean), bits."""
MOST_SYMBOLS = 62
"""Of an enum whose symbols are the bits of a set: each place, and their number, is one byte."""
NULLABLE = 8
"""Added to a kind: a union of null and it, in this order."""
ABSENT = np.int64(np.iinfo(np.int64).min)
"""Stands for null."""

_MOST_NUMBER_BYTES = 11
"""Of a number with its branch."""


@part
def copied(data: Bytes, first: int | np.int64, end: int | np.int64, out: Bytes, at: int | np.int64) -> np.int64:
    """Copy bytes; the place after them."""
    for place in range(first, end):
        out[at] = data[place]
        at += 1
    return np.int64(at)


@part
def _write_long(out: Bytes, at: int | np.int64, number: int | np.int64) -> np.int64:
    """Write a zigzag varint; the place after it."""
    rest = np.uint64((number << 1) ^ (number >> 63))
    while rest > np.uint64(0x7F):
        out[at] = np.uint8(rest & np.uint64(0x7F)) | np.uint8(0x80)
        rest >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(rest)
    return np.int64(at + 1)


@part
def _write_set(out: Bytes, at: int | np.int64, bits: int | np.int64) -> np.int64:
    """Write an array of an enum's symbols, one for each bit; the place after it."""
    if bits:
        counted, last = at, at
        for place in range(MOST_SYMBOLS):
            if (bits >> place) & 1:
                last += 1
                out[last] = 2 * place
        out[counted] = 2 * (last - counted)
        at = last + 1
    out[at] = 0
    return np.int64(at + 1)


@kernel
def _most_bytes(kinds: Longs, values: Longs, row: int, kept_offsets: Longs, fresh_offsets: Longs) -> int:
    """An upper limit of a record's bytes."""
    most = _MOST_NUMBER_BYTES * len(kinds)
    for field in range(len(kinds)):
        value = values[row, field]
        if kinds[field] == SET:
            most += MOST_SYMBOLS
        if kinds[field] & ~NULLABLE == TEXT and value != ABSENT:
            if value >= 0:
                most += kept_offsets[value + 1] - kept_offsets[value]
            else:
                most += fresh_offsets[-value] - fresh_offsets[-1 - value]
    return most


@kernel
def write_rows(
    header: Bytes, kinds: Longs, values: Longs, first: int, kept: Strings, fresh: Strings, out: Bytes, ends: Longs
) -> int:
    """Write records until there may be no room for the next one.

    Args:
        header: What every record begins with.
        kinds: Of the fields.
        values: By record and field. A text is its place in `kept` from 0, or in `fresh` from -1 downwards.
        first: The record to begin with.
        kept: Texts.
        fresh: Other texts.
        out: Written here.
        ends: Where each record ends; written here.

    Returns:
        The record after the last one that was written.
    """
    kept_data, kept_offsets = kept
    fresh_data, fresh_offsets = fresh
    at = np.int64(0)
    for row in range(first, len(values)):
        if at + len(header) + _most_bytes(kinds, values, row, kept_offsets, fresh_offsets) > len(out):
            return row
        at = copied(header, 0, len(header), out, at)
        for field in range(len(kinds)):
            kind, value = kinds[field], values[row, field]
            if kind & NULLABLE:
                out[at] = 0 if value == ABSENT else 2
                at += 1
                if value == ABSENT:
                    continue
                kind -= NULLABLE
            if kind == NUMBER:
                at = _write_long(out, at, value)
            elif kind == BYTE:
                out[at] = value
                at += 1
            elif kind == SET:
                at = _write_set(out, at, value)
            elif value >= 0:
                at = _write_long(out, at, kept_offsets[value + 1] - kept_offsets[value])
                at = copied(kept_data, kept_offsets[value], kept_offsets[value + 1], out, at)
            else:
                number = -1 - value
                at = _write_long(out, at, fresh_offsets[number + 1] - fresh_offsets[number])
                at = copied(fresh_data, fresh_offsets[number], fresh_offsets[number + 1], out, at)
        ends[row] = at
    return len(values)
