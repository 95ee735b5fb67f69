"""Blocks of columns: converted between chDB's Native format and the wire.

chDB's Native format *is* the body of a wire block, except that newer protocols put one byte before each column
(its serialisation; always 0 here) and that chDB drops the time zone of a top-level DateTime. So blocks are relayed
as bytes, cut at column boundaries; no value is decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from deploy.local.clickhouse.columns import walker
from deploy.local.clickhouse.errors import CANNOT_READ, NOT_IMPLEMENTED, TOO_LARGE, ProtocolError, ServerError
from deploy.local.clickhouse.wire import Reader, string
from schemas.codec.varint import varint

Header = list[tuple[str, str]]
"""Name and type of each column."""

CUSTOM_SERIALIZATION_REVISION: Final = 54454
BLOCK_LIMIT: Final = 512 << 20  # bytes of one block; a client's usual block has a few megabytes
_COLUMN_LIMIT: Final = 10_000
_ROW_LIMIT: Final = 1 << 32
_BLOCK_INFO: Final = b"\x01\x00\x02\xff\xff\xff\xff\x00"  # no overflow rows, no bucket, end
_ZONE = re.compile(r"\('[^']*'\)")


@dataclass(frozen=True, slots=True)
class NativeBlock:
    """A client's block: its columns, its row count, and its bytes in Native format."""

    header: Header
    rows: int
    native: bytes


@dataclass(frozen=True, slots=True)
class _Column:
    name: bytes
    type: str
    start: int  # of the data, in the reader's buffer
    end: int


def _column(reader: Reader, rows: int, *, custom: bool) -> _Column:
    name, type_ = reader.raw_string(), reader.string()
    if custom and reader.read(1) != b"\0":
        raise ProtocolError(NOT_IMPLEMENTED, "Sparse columns are not supported (NOT_IMPLEMENTED)")
    start = reader.position
    if rows:
        walk = walker(type_)
        walk.prefix(reader)
        walk.rows(reader, rows)
    return _Column(name, type_, start, reader.position)


def _walk(reader: Reader, *, custom: bool) -> tuple[list[_Column], int]:
    width, rows = reader.varint(), reader.varint()
    if width > _COLUMN_LIMIT or rows > _ROW_LIMIT:
        raise ProtocolError(TOO_LARGE, f"Block of {width} columns, {rows} rows (TOO_LARGE_ARRAY_SIZE)")
    return [_column(reader, rows, custom=custom) for _ in range(width)], rows


def _assemble(view: memoryview, columns: list[_Column], types: list[str], rows: int, gap: bytes) -> bytes:
    parts: list[bytes | memoryview] = [varint(len(columns)), varint(rows)]
    for column, type_ in zip(columns, types, strict=True):
        parts += (string(column.name), string(type_), gap, view[column.start : column.end])
    return b"".join(parts)


def read_block(reader: Reader, revision: int) -> NativeBlock:
    """Read the body of a client's Data packet.

    Raises:
        ProtocolError: the block is larger than `BLOCK_LIMIT`, has a column of unknown type, or is malformed.
            Its end is then unknown, so the rest of the stream cannot be parsed.
    """
    while field := reader.varint():  # BlockInfo: overflow flag (1 byte), bucket number (4 bytes)
        if field > 2:
            raise ProtocolError(CANNOT_READ, f"Unknown block field {field} (UNKNOWN_BLOCK_INFO_FIELD)")
        reader.skip(1 if field == 1 else 4)
    reader.keep(BLOCK_LIMIT)
    try:
        columns, rows = _walk(reader, custom=revision >= CUSTOM_SERIALIZATION_REVISION)
        types = [column.type for column in columns]
        header = [(column.name.decode(errors="replace"), column.type) for column in columns]
        with reader.view() as view:
            return NativeBlock(header, rows, _assemble(view, columns, types, rows, b""))
    except ServerError as error:
        raise ProtocolError(error.code, error.text) from error
    finally:
        reader.release()


def _with_zone(found: str, described: str) -> str:
    """The described type if it differs from the found one only by its time zone."""
    return described if found == "DateTime" and _ZONE.sub("", described) == "DateTime" else found


def wire_blocks(native: bytes, header: Header | None, revision: int) -> Iterator[tuple[bytes, int]]:
    """Turn chDB's Native output into wire blocks, each with its row count.

    Args:
        native: any number of whole blocks.
        header: the described columns, if known; they restore the time zones.
        revision: the protocol revision agreed with the client.
    """
    reader = Reader(data=native)
    reader.keep(len(native))
    gap = b"\0" if revision >= CUSTOM_SERIALIZATION_REVISION else b""
    view = memoryview(native)
    while reader.pending:
        columns, rows = _walk(reader, custom=False)
        types = [column.type for column in columns]
        if header and len(header) == len(types):
            types = [_with_zone(found, true) for found, (_, true) in zip(types, header, strict=True)]
        yield _BLOCK_INFO + _assemble(view, columns, types, rows, gap), rows


def header_block(header: Header, revision: int) -> bytes:
    """A wire block without rows: the columns of a result; without columns, the end of data."""
    gap = b"\0" if revision >= CUSTOM_SERIALIZATION_REVISION else b""
    columns = b"".join(string(name) + string(type_) + gap for name, type_ in header)
    return _BLOCK_INFO + varint(len(header)) + b"\0" + columns
