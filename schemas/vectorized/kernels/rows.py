"""Rows of numbers to Avro: the body of each record, one field after the other."""

from __future__ import annotations

import numpy as np

from schemas.vectorized.kernels.compiled import Bytes, Longs, kernel, part
from schemas.vectorized.kernels.varints import write_long

NUMBER, TEXT, BYTE = range(3)
"""Kinds of fields: a whole number or a place in an enum, the number of a text, a byte as it is (a boolean)."""
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


@kernel
def _most_bytes(kinds: Longs, values: Longs, row: int, kept_places: Longs, fresh_places: Longs) -> int:
    """No record has more."""
    most = _MOST_NUMBER_BYTES * len(kinds)
    for field in range(len(kinds)):
        value = values[row, field]
        if kinds[field] & ~NULLABLE == TEXT and value != ABSENT:
            if value >= 0:
                most += kept_places[value + 1] - kept_places[value]
            else:
                most += fresh_places[-value] - fresh_places[-1 - value]
    return most


@kernel
def write_rows(
    header: Bytes,
    kinds: Longs,
    values: Longs,
    first: int,
    kept: Bytes,
    kept_places: Longs,
    fresh: Bytes,
    fresh_places: Longs,
    out: Bytes,
    ends: Longs,
) -> int:
    """Write records until there may be no room for the next one.

    Args:
        header: What every record begins with.
        kinds: Of the fields.
        values: By record and field; the number of a text is its place in `kept_places`, or in `fresh_places` the other
            way round: -1 is the first one there.
        first: The record to begin with.
        kept: Bytes of texts.
        kept_places: Where each begins, and one place more.
        fresh: Bytes of other texts.
        fresh_places: Likewise.
        out: Written here.
        ends: Where each record ends; likewise.

    Returns:
        The record after the last one that was written.
    """
    at = np.int64(0)
    for row in range(first, len(values)):
        if at + len(header) + _most_bytes(kinds, values, row, kept_places, fresh_places) > len(out):
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
                at = write_long(out, at, value)
            elif kind == BYTE:
                out[at] = value
                at += 1
            elif value >= 0:
                at = write_long(out, at, kept_places[value + 1] - kept_places[value])
                at = copied(kept, kept_places[value], kept_places[value + 1], out, at)
            else:
                number = -1 - value
                at = write_long(out, at, fresh_places[number + 1] - fresh_places[number])
                at = copied(fresh, fresh_places[number], fresh_places[number + 1], out, at)
        ends[row] = at
    return len(values)
