"""Records of one writer schema, decoded as one Avro block into columns of the reader's schema.

A run of Avro bodies of one schema is, byte for byte, the inside of one Avro container block. So a container header, the
counts and a sync marker are put around them, and polars reads the block about eight times faster than one by one.

A container has no borders between records, so one broken record could shift all that follow it. Therefore each
row's encoded length is computed back from its columns and compared with the length that came from Kafka: when all
agree, every row starts exactly where its record started.

The log holds every version that was ever written, and for a while writers are newer than readers; so a block is read
with its writer's schema, and its columns are then fitted to ours as Avro's schema resolution does it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import fastavro
import numpy as np
import numpy.typing as npt
import polars as pl
from polars.exceptions import PanicException, PolarsError

_SYNC = b"hailong-columns!"
_MAX_SYMBOLS = 64
"""The index of a symbol beyond it takes two bytes."""

_NUMBERS: dict[str, pl.DataType] = {"long": pl.Int64(), "int": pl.Int32()}


def block_reader(writer: Any, reader: Any) -> BlockReader | None:
    """How to read what one schema wrote in columns of another; None when that can only be done record by record.

    Both must be flat (strings, longs, ints, small plain enums, nullable strings), and a field be of one type in both.

    Args:
        writer: The schema of the records; parsed and physical, as `schemas.catalogue.parsed` gives it.
        reader: The schema of the columns that are wanted; each can be read as the other (`schemas.compatibility`).
    """
    written, wanted = _fields(writer), _fields(reader)
    kinds = {name: _flat_kind(kind) for name, kind in written.items()}
    if None in kinds.values() or any(
        _flat_kind(kind) != kinds.get(name, _flat_kind(kind)) for name, kind in wanted.items()
    ):
        return None
    return BlockReader(writer, [_resolved(field, written.get(field["name"])) for field in reader["fields"]])


class BlockReader:
    """Decodes the bodies of one flat writer schema; made by `block_reader`.

    Args:
        writer: The schema of the bodies.
        resolved: The columns that are wanted, from those that the writer's schema gives.
    """

    def __init__(self, writer: Any, resolved: Sequence[pl.Expr]) -> None:
        self._fields = _fields(writer)
        self._resolved = resolved
        self._header = _header(self._fields)

    def read(self, bodies: Sequence[bytes]) -> pl.DataFrame | None:
        """One row for each body, in the reader's columns; None when they cannot be read as one block.

        Args:
            bodies: Bodies without their frames; at least one.
        """
        lengths = np.fromiter(map(len, bodies), np.int64, len(bodies))
        body = b"".join(bodies)
        block = b"".join((self._header, _varint(len(bodies)), _varint(len(body)), body, _SYNC))
        try:
            frame = pl.read_avro(io.BytesIO(block))
        except (PolarsError, PanicException, OSError, OverflowError, ValueError, MemoryError):
            return None
        if frame.height != len(bodies) or not self._aligned(frame, lengths, body):
            return None
        return frame.select(self._resolved)

    def _aligned(self, frame: pl.DataFrame, lengths: npt.NDArray[np.int64], body: bytes) -> bool:
        """Whether every row is exactly its record, and every one-byte index in it is one that Avro allows.

        polars takes any index but 0 for "a value"; a record must not be good or broken depending on its neighbours.
        """
        content = np.frombuffer(body, np.uint8)
        starts = np.cumsum(lengths) - lengths
        at = starts.copy()  # where the next field of each row begins, if all before it are as long as they look
        indexes: list[tuple[npt.NDArray[np.int64], Any]] = []
        for name, kind in self._fields.items():
            column = frame[name]
            if isinstance(kind, list):
                present = column.is_not_null().to_numpy()
                indexes.append((at.copy(), np.where(present, 2, 0)))
                sizes = column.str.len_bytes()
                size = sizes.fill_null(0).cast(pl.Int64).to_numpy()
                at += 1 + np.where(present, size + _varint_length(size), 0)
            elif kind == "string":
                size = column.str.len_bytes().cast(pl.Int64).to_numpy()
                at += size + _varint_length(size)
            elif isinstance(kind, str):
                at += _varint_length(column.cast(pl.Int64).to_numpy())
            else:
                symbols = pl.Series(kind["symbols"], dtype=pl.String)
                codes = column.cast(pl.Enum(symbols)).to_physical().cast(pl.Int64).to_numpy()
                indexes.append((at.copy(), 2 * codes))
                at += 1
        return bool((at - starts == lengths).all()) and all((content[place] == code).all() for place, code in indexes)


def column_types(schema: Any) -> dict[str, pl.DataType]:
    """Type of each column of a flat schema."""
    return {field["name"]: _column_type(field["type"]) for field in schema["fields"]}


def _column_type(kind: Any) -> pl.DataType:
    return _NUMBERS.get(kind, pl.String()) if isinstance(kind, str) else pl.String()


def _header(written: dict[str, Any]) -> bytes:
    """Begin of a container. Defaults are left out: no writer uses them, and polars reads none but null."""
    fields = [{"name": name, "type": kind} for name, kind in written.items()]
    header = io.BytesIO()
    fastavro.writer(header, {"type": "record", "name": "Row", "fields": fields}, [], sync_marker=_SYNC)
    return header.getvalue()


def _fields(schema: Any) -> dict[str, Any]:
    return {field["name"]: field["type"] for field in schema["fields"]}


def _resolved(field: Any, written: Any | None) -> pl.Expr:
    """The reader's column from the writer's: defaults for a field or a symbol that the other side does not have."""
    name, wanted = field["name"], field["type"]
    if written is None:
        return pl.lit(field["default"]).cast(_column_type(wanted)).alias(name)
    column = pl.col(name).cast(_column_type(wanted))
    if isinstance(wanted, dict):
        unknown = [symbol for symbol in written["symbols"] if symbol not in wanted["symbols"]]
        return column.replace(unknown, [wanted["default"]] * len(unknown)) if unknown else column
    return column


def _flat_kind(kind: Any) -> str | None:
    if isinstance(kind, dict):
        return "enum" if kind["type"] == "enum" and len(kind["symbols"]) <= _MAX_SYMBOLS else None
    if isinstance(kind, list):
        return "nullable" if kind == ["null", "string"] else None  # polars takes the first branch for null
    return str(kind) if kind in {"string", *_NUMBERS} else None


def _varint(number: int) -> bytes:
    zigzag, out = number << 1, bytearray()
    while zigzag & ~0x7F:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    out.append(zigzag)
    return bytes(out)


def _varint_length(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Bytes that Avro needs for each number (zigzag, 7 bits a byte)."""
    zigzag = ((numbers << 1) ^ (numbers >> 63)).view(np.uint64)
    length = np.ones(len(numbers), np.int64)
    for bits in range(7, 64, 7):
        length += zigzag >= np.uint64(1 << bits)
    return length
