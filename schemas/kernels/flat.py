"""The bodies of flat Avro records: texts, whole numbers, enums and nullable texts, one field after the other.

Source: Apache Avro 1.12 specification, "Binary Encoding".
"""

from __future__ import annotations

import numpy as np

from schemas.kernels.checksums import crc32
from schemas.kernels.compiled import Bools, Bytes, Ints, Longs, UInts, kernel
from schemas.kernels.varints import read_long

TEXT, NULLABLE_TEXT, LONG, ENUM = range(4)
"""Kinds of fields; what a plan says of each field of the writer's schema."""

_FRAME = 5
"""Bytes before the body, see `schemas.wire`."""


@kernel
def read_flat(
    data: Bytes,
    spans: Longs,
    rows: Longs,
    plan: Longs,
    symbols: Longs,
    tables: UInts,
    begins: Longs,
    sizes: Ints,
    numbers: Longs,
    checksums: UInts,
    fit: Bools,
) -> None:
    """Find the fields of the values that one schema wrote.

    Args:
        data: Bytes.
        spans: For each record begin and end of its key and its framed value.
        rows: Which of the records to look at.
        plan: For each field of the writer its kind and the column that it goes to, or -1 for none.
        symbols: For each field the number that stands for each symbol of an enum; -1 behind the last one.
        tables: Of `checksums`.
        begins: Begin of each text, by column and record; written here.
        sizes: Its length in bytes, -1 for null; likewise.
        numbers: Each number or symbol, by column and record; likewise.
        checksums: CRC-32 of each body; likewise.
        fit: Whether the body is what the schema says; likewise. A text that nobody wants must be ASCII: whether other
            bytes are a text is not looked at.
    """
    for row in rows:
        at, end = spans[row, 2] + _FRAME, spans[row, 3]
        checksums[row] = crc32(data, at, end, tables)
        for field in range(len(plan)):
            kind, column = plan[field, 0], plan[field, 1]
            if kind in (LONG, ENUM):
                number, at = read_long(data, at, end)
                if kind == ENUM:
                    number, at = _symbol(symbols, field, number, at)
                if at >= 0 and column >= 0:
                    numbers[column, row] = number
            else:
                begin, size, at = _text(data, at, end, kind)
                if at >= 0 and column >= 0:
                    begins[column, row] = begin
                    sizes[column, row] = size
                elif at >= 0 and not _ascii(data, begin, begin + size):
                    at = np.int64(-1)
            if at < 0:
                break
        fit[row] = at == end


@kernel
def _symbol(symbols: Longs, field: int, index: np.int64, at: np.int64) -> tuple[np.int64, np.int64]:
    """The number of a symbol, and the place after it; -1 where the writer has no such symbol."""
    if index < 0 or index >= symbols.shape[1] or symbols[field, index] < 0:
        return index, np.int64(-1)
    return symbols[field, index], at


@kernel
def _text(data: Bytes, at: np.int64, end: np.int64, kind: np.int64) -> tuple[np.int64, np.int64, np.int64]:
    """Begin and size of a text, and the place after it; of null the size is -1, of what is broken the place."""
    if kind == NULLABLE_TEXT:
        branch, at = read_long(data, at, end)
        if at < 0 or branch < 0 or branch > 1:
            return np.int64(0), np.int64(0), np.int64(-1)
        if branch == 0:
            return np.int64(0), np.int64(-1), at
    size, at = read_long(data, at, end)
    if at < 0 or size < 0 or size > end - at:
        return np.int64(0), np.int64(0), np.int64(-1)
    return at, size, at + size


@kernel
def _ascii(data: Bytes, at: np.int64, end: np.int64) -> bool:
    for place in range(at, end):
        if data[place] >= 0x80:
            return False
    return True
