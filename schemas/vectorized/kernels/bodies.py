"""Reading Avro bodies: flat records, and records that hold one list of flat records, such as a rating sheet.

Sources: Apache Avro 1.12 specification, "Binary Encoding". For the checksum, eight bytes a step: Kounavis and Berry, "A
Systematic Approach to Building High Performance Software-based CRC Generators", 2005.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple, Self

import numpy as np

from schemas.vectorized.kernels.compiled import Bools, Bytes, Ints, Longs, UInts, kernel, part

TEXT, NULLABLE_TEXT, NUMBER, ITEMS = range(4)
"""Kinds of fields in a plan. Bytes are a text, and an enum is a number with a limit."""

FRAME = 5
"""Bytes before the body, see `schemas.codec.wire`."""

_MOST_BYTES = 9
"""Longest number that kernels read: 63 bits, so that no sum here can overflow. No good record holds a larger one."""


class FieldPlan(NamedTuple):
    """How to read what one schema wrote; made by `schemas.vectorized.field_plan`.

    Attributes:
        fields: For each field of the writer its kind, its column or -1 for none, the number of its symbols or -1 where
            it is no enum, and where its symbols begin in `symbols` or -1 where writer and reader number them alike.
        symbols: The reader's number of the writer's symbols.
    """

    fields: Longs
    symbols: Longs


class RecordColumns(NamedTuple):
    """The fields of records, by column and record.

    Attributes:
        values: The number, or where the text begins.
        sizes: Length of the text in bytes; -1 for null.
        checksums: CRC-32 of each body.
        fit: Which bodies are what their schema says. The columns of the others hold anything.
    """

    values: Longs
    sizes: Ints
    checksums: UInts
    fit: Bools

    @classmethod
    def allocate(cls, columns: int, records: int) -> Self:
        """Columns to read into: no record is fit yet, and a field that no writer has is null."""
        sizes = np.full((columns, records), -1, np.int32)
        checksums, fit = np.empty(records, np.uint32), np.zeros(records, np.bool_)
        return cls(np.empty((columns, records), np.int64), sizes, checksums, fit)


class ItemColumns(NamedTuple):
    """The fields of the items of records, by column and item.

    Attributes:
        values: As in `RecordColumns`.
        sizes: Likewise.
        spans: For each record its first item and the one after its last, where the record is fit.
    """

    values: Longs
    sizes: Ints
    spans: Longs

    @classmethod
    def allocate(cls, columns: int, items: int, records: int) -> Self:
        """Columns to read into, see `RecordColumns.allocate`."""
        sizes = np.full((columns, items), -1, np.int32)
        return cls(np.empty((columns, items), np.int64), sizes, np.empty((records, 2), np.int64))


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


@part
def read_long(data: Bytes, at: int | np.int64, end: int | np.int64) -> tuple[np.int64, np.int64]:
    """A zigzag varint of Avro or Kafka (`schemas.codec.varint`), and the place after it.

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
def _read_field(
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
def _is_ascii(data: Bytes, at: np.int64, size: np.int64) -> bool:
    for step in range(size):  # none where the size is negative
        if data[at + step] >= 0x80:
            return False
    return True


@part
def _number(value: np.int64, after: np.int64, base: np.int64, symbols: Longs) -> np.int64:
    """The reader's number for a symbol of the writer, if the numbers differ and the field is not broken."""
    return value if base < 0 or after < 0 else symbols[base + value]


@kernel
def read_flat(data: Bytes, spans: Longs, rows: Longs, plan: FieldPlan, found: RecordColumns) -> None:
    """Read the flat records that one schema wrote.

    Args:
        data: Bytes.
        spans: For each record begin and end of its key and its framed value.
        rows: Which records to read.
        plan: How to read them.
        found: Written here. A text without a column must be ASCII, for nobody checks whether other bytes are a text.
    """
    fields, symbols = plan
    for row in rows:
        at, end = spans[row, 2] + FRAME, spans[row, 3]
        found.checksums[row] = crc32(data, at, end)
        for field in range(len(fields)):
            value, size, at = _read_field(data, at, end, fields[field, 0], fields[field, 2])
            column = fields[field, 1]
            if column >= 0:
                found.values[column, row] = _number(value, at, fields[field, 3], symbols)
                found.sizes[column, row] = size
            elif not _is_ascii(data, value, size):
                at = np.int64(-1)
            if at < 0:
                break
        found.fit[row] = at == end


@kernel
def read_nested(
    data: Bytes,
    spans: Longs,
    rows: Longs,
    plan: FieldPlan,
    item_plan: FieldPlan,
    most: int,
    used: int | np.int64,
    found: RecordColumns,
    items: ItemColumns,
) -> int | np.int64:
    """Read the records that one schema wrote, each with one list of items.

    Args:
        data: As in `read_flat`, like the other arguments that stand there.
        spans: Likewise.
        rows: Likewise.
        plan: Likewise; one field is the list of items.
        item_plan: The plan of an item.
        most: Items that a record may have. A record with none is not fit, nor is one whose list has several blocks.
        used: How many items were read before.
        found: As in `read_flat`.
        items: Written here, behind those that were read before.

    Returns:
        How many items are read now; some may belong to records that are not fit.
    """
    fields, symbols = plan
    item_fields, item_symbols = item_plan
    for row in rows:
        at, end = spans[row, 2] + FRAME, spans[row, 3]
        found.checksums[row] = crc32(data, at, end)
        for field in range(len(fields)):
            if fields[field, 0] == ITEMS:
                items.spans[row, 0] = used
                used, at = _read_items(data, at, end, item_fields, item_symbols, most, used, items.values, items.sizes)
                items.spans[row, 1] = used
            else:
                column = fields[field, 1]
                value, size, at = _read_field(data, at, end, fields[field, 0], fields[field, 2])
                if column >= 0:
                    found.values[column, row] = _number(value, at, fields[field, 3], symbols)
                    found.sizes[column, row] = size
                elif not _is_ascii(data, value, size):
                    at = np.int64(-1)
            if at < 0:
                break
        found.fit[row] = at == end
    return used


@kernel
def _read_items(
    data: Bytes,
    at: np.int64,
    end: np.int64,
    plan: Longs,
    symbols: Longs,
    most: int,
    used: int | np.int64,
    values: Longs,
    sizes: Ints,
) -> tuple[np.int64, np.int64]:
    """How many items are read now, and the place after the list; -1 where it is broken or unusual."""
    count, at = read_long(data, at, end)
    if at < 0 or count < 1 or count > most or count > values.shape[1] - used:
        return np.int64(used), np.int64(-1)
    for item in range(used, used + count):
        for field in range(len(plan)):
            column = plan[field, 1]
            value, size, at = _read_field(data, at, end, plan[field, 0], plan[field, 2])
            if column >= 0:
                values[column, item] = _number(value, at, plan[field, 3], symbols)
                sizes[column, item] = size
            elif not _is_ascii(data, value, size):
                at = np.int64(-1)
            if at < 0:
                return np.int64(used), np.int64(-1)
    more, at = read_long(data, at, end)
    return used + count, at if more == 0 else np.int64(-1)


@kernel
def reject_bad_items(spans: Longs, identities: Longs, item_fit: Bools, fit: Bools) -> None:
    """Mark records as not fit that have an item that is not fit, or two items of one identity.

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
                for place in range(identities.shape[1]):
                    same = same and identities[item, place] == identities[other, place]
                good = good and not same
            if not good:
                fit[row] = False
                break
