"""The bodies of Avro records that hold one list of flat records, such as a rating sheet with its items."""

from __future__ import annotations

import numpy as np

from schemas.vectorized.kernels.checksums import crc32
from schemas.vectorized.kernels.compiled import Bools, Bytes, Ints, Longs, UInts, kernel
from schemas.vectorized.kernels.flat import FRAME, ITEMS, is_ascii, read_field
from schemas.vectorized.kernels.varints import read_long


@kernel
def read_nested(
    data: Bytes,
    spans: Longs,
    rows: Longs,
    plan: Longs,
    item_plan: Longs,
    most: int,
    used: int | np.int64,
    tables: UInts,
    values: Longs,
    sizes: Ints,
    checksums: UInts,
    fit: Bools,
    item_spans: Longs,
    item_values: Longs,
    item_sizes: Ints,
) -> int | np.int64:
    """Find the fields of the values that one schema wrote, and those of their items.

    Args:
        data: This and others as in `schemas.vectorized.kernels.flat.read_flat`.
        spans: Likewise.
        rows: Likewise.
        plan: Likewise; one field is the list of items.
        item_plan: The plan of an item.
        most: Items that a record may have. One without any is not fit, nor is one whose list is cut into several.
        used: How many items were found before.
        tables: As there.
        values: Likewise.
        sizes: Likewise.
        checksums: Likewise.
        fit: Likewise.
        item_spans: For each record its first item and the one after its last, where it is fit; written here.
        item_values: As `values`, by column and item; likewise.
        item_sizes: As `sizes`; likewise.

    Returns:
        How many items are found now; some may be of records that are not fit.
    """
    for row in rows:
        at, end = spans[row, 2] + FRAME, spans[row, 3]
        checksums[row] = crc32(data, at, end, tables)
        for field in range(len(plan)):
            if plan[field, 0] == ITEMS:
                item_spans[row, 0] = used
                used, at = _read_items(data, at, end, item_plan, most, used, item_values, item_sizes)
                item_spans[row, 1] = used
            else:
                column = plan[field, 1]
                value, size, at = read_field(data, at, end, plan[field, 0], plan[field, 2])
                if column >= 0:
                    values[column, row] = value
                    sizes[column, row] = size
                elif not is_ascii(data, value, size):
                    at = np.int64(-1)
            if at < 0:
                break
        fit[row] = at == end
    return used


@kernel
def _read_items(
    data: Bytes,
    at: np.int64,
    end: np.int64,
    plan: Longs,
    most: int,
    used: int | np.int64,
    values: Longs,
    sizes: Ints,
) -> tuple[np.int64, np.int64]:
    """How many items are found now, and the place after the list; -1 where it is broken or unusual."""
    count, at = read_long(data, at, end)
    if at < 0 or count < 1 or count > most or count > values.shape[1] - used:
        return np.int64(used), np.int64(-1)
    for item in range(used, used + count):
        for field in range(len(plan)):
            column = plan[field, 1]
            value, size, at = read_field(data, at, end, plan[field, 0], plan[field, 2])
            if column >= 0:
                values[column, item] = value
                sizes[column, item] = size
            elif not is_ascii(data, value, size):
                at = np.int64(-1)
            if at < 0:
                return np.int64(used), np.int64(-1)
    more, at = read_long(data, at, end)
    return used + count, at if more == 0 else np.int64(-1)


@kernel
def reject_bad_items(spans: Longs, identities: Longs, item_fit: Bools, fit: Bools) -> None:
    """Take the mark from records with an item that is not fit, or with two of the same identity.

    Args:
        spans: For each record its first item and the one after its last.
        identities: For each item the numbers that tell it from others of its record.
        item_fit: Which items are fit.
        fit: Which records are.
    """
    for row in range(len(spans)):
        if not fit[row]:
            continue
        first, last = spans[row, 0], spans[row, 1]
        for item in range(first, last):
            good = item_fit[item]
            for other in range(first, item):
                same = True
                for part in range(identities.shape[1]):
                    same = same and identities[item, part] == identities[other, part]
                good = good and not same
            if not good:
                fit[row] = False
                break
