"""The bodies of flat Avro records: texts, whole numbers, enums and nullable texts, one field after the other.

Source: Apache Avro 1.12 specification, "Binary Encoding".
"""

from __future__ import annotations

import numpy as np

from schemas.vectorized.kernels.checksums import crc32
from schemas.vectorized.kernels.compiled import Bools, Bytes, Ints, Longs, UInts, kernel, part
from schemas.vectorized.kernels.varints import read_long

TEXT, NULLABLE_TEXT, NUMBER, ITEMS = range(4)
"""Kinds of fields; what a plan says of each field of the writer's schema. An enum is a number with a limit."""

FRAME = 5
"""Bytes before the body, see `schemas.codec.wire`."""


@kernel
def read_flat(
    data: Bytes,
    spans: Longs,
    rows: Longs,
    plan: Longs,
    tables: UInts,
    values: Longs,
    sizes: Ints,
    checksums: UInts,
    fit: Bools,
) -> None:
    """Find the fields of the values that one schema wrote.

    Args:
        data: Bytes.
        spans: For each record begin and end of its key and its framed value.
        rows: Which of the records to look at.
        plan: For each field of the writer its kind, the column that it goes to or -1 for none, and the number of its
            symbols or -1 where it is no enum.
        tables: Of `checksums`.
        values: Number, or begin of the text, by column and record; written here.
        sizes: Length of the text in bytes, -1 for null, by column and record; likewise.
        checksums: CRC-32 of each body; likewise.
        fit: Whether the body is what the schema says; likewise. A text that nobody wants must be ASCII: whether other
            bytes are a text is not looked at.
    """
    for row in rows:
        at, end = spans[row, 2] + FRAME, spans[row, 3]
        checksums[row] = crc32(data, at, end, tables)
        for field in range(len(plan)):
            value, size, at = read_field(data, at, end, plan[field, 0], plan[field, 2])
            column = plan[field, 1]
            if column >= 0:
                values[column, row] = value
                sizes[column, row] = size
            elif not is_ascii(data, value, size):
                at = np.int64(-1)
            if at < 0:
                break
        fit[row] = at == end


@part
def read_field(
    data: Bytes, at: np.int64, end: np.int64, kind: np.int64, limit: np.int64
) -> tuple[np.int64, np.int64, np.int64]:
    """Number or begin, size, and the place after a field, which is -1 where it is broken; then the size is 0."""
    value, after = read_long(data, at, end)
    if kind == NUMBER:
        return value, np.int64(0), after if limit < 0 or 0 <= value < limit else np.int64(-1)
    if kind == NULLABLE_TEXT:
        if value == 0:
            return np.int64(0), np.int64(0 if after < 0 else -1), after
        if value != 1:
            return np.int64(0), np.int64(0), np.int64(-1)
        value, after = read_long(data, after, end)
    if after < 0 or value < 0 or value > end - after:
        return np.int64(0), np.int64(0), np.int64(-1)
    return after, value, after + value


@part
def is_ascii(data: Bytes, at: np.int64, size: np.int64) -> bool:
    """Whether a text is, where the size is above 0."""
    for step in range(size):
        if data[at + step] >= 0x80:
            return False
    return True
