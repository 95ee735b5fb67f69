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

from schemas.codec.varint import zigzag
from schemas.codec.wire import HEADER_BYTES

_SYNC = b"hailong-columns!"
_MAX_SYMBOLS = 64
"""The index of a symbol beyond it takes two bytes."""

_FRAME: dict[str, Any] = {"_frame": {"type": "fixed", "name": "Frame", "size": HEADER_BYTES}}
"""What stands before the body in a value, as an Avro field."""
_NUMBERS: dict[str, pl.DataType] = {"long": pl.Int64(), "int": pl.Int32()}


def block_reader(writer: Any, reader: Any) -> BlockReader | None:
    """How to read what one schema wrote in columns of another; None when that can only be done record by record.

    Both must be flat (strings, longs, ints, small plain enums, nullable strings), and a field be of one type in both.

    Args:
        writer: The schema of the records; parsed and physical, as `schemas.catalogue.parsed` gives it.
        reader: The schema of the columns that are wanted; each can be read as the other
        (`schemas.evolution.compatibility`).
    """
    written, wanted = _fields(writer), _fields(reader)
    if not written.keys().isdisjoint(_FRAME):
        return None
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
        self._value_header = _header({**_FRAME, **self._fields})

    def read_values(
        self, values: Sequence[bytes], lengths: npt.NDArray[np.int64], prefix: bytes
    ) -> pl.DataFrame | None:
        """One row for each value, in the reader's columns; None when they cannot be read as one block.

        Args:
            values: Framed values; at least one.
            lengths: How long each is.
            prefix: The frame that each must begin with.
        """
        data = b"".join(values)
        frame = _block(self._value_header, data, len(values))
        if frame is None:
            return None
        ends = np.cumsum(lengths)
        starts = ends - lengths
        at, marks = _laid_out(frame, self._fields, starts + len(prefix))
        # Places are looked at only where the lengths agree: then each value is at least as long as its frame.
        whole = bool((at == ends).all()) and _as_written([*marks, *_framed(starts, prefix)], data)
        return frame.select(self._resolved) if whole else None


def _block(header: bytes, data: bytes, count: int) -> pl.DataFrame | None:
    block = b"".join((header, zigzag(count), zigzag(len(data)), data, _SYNC))
    try:
        frame = pl.read_avro(io.BytesIO(block))
    except (PolarsError, PanicException, OSError, OverflowError, ValueError, MemoryError):
        return None
    return frame if frame.height == count else None


_Mark = tuple[npt.NDArray[np.int64], Any]
"""Places, one for each row, and the byte that must be there: one for all rows, or one for each."""


def _laid_out(
    frame: pl.DataFrame, fields: dict[str, Any], at: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], list[_Mark]]:
    """Where each row ends if it begins at `at` and its fields are as long as they look; and its one-byte indexes."""
    marks: list[_Mark] = []
    for name, kind in fields.items():
        column = frame[name]
        if isinstance(kind, list):
            absent = column.null_count()
            if absent == len(column):
                marks.append((at, 0))
                at = at + 1
                continue
            size = _numbers(column.str.len_bytes().fill_null(0))
            taken = size + _varint_length(size) + 1
            if absent:
                present = column.is_not_null().to_numpy()
                marks.append((at, np.where(present, 2, 0)))
                at = at + np.where(present, taken, 1)
            else:
                marks.append((at, 2))
                at = at + taken
        elif kind == "string":
            size = _numbers(column.str.len_bytes())
            at = at + (size + _varint_length(size))
        elif isinstance(kind, str):
            at = at + _varint_length(_numbers(column))
        else:
            symbols = pl.Series(kind["symbols"], dtype=pl.String)
            marks.append((at, 2 * _numbers(column.cast(pl.Enum(symbols)).to_physical())))
            at = at + 1
    return at, marks


def _framed(at: npt.NDArray[np.int64], prefix: bytes) -> list[_Mark]:
    """The bytes of a frame, from where it begins."""
    return [(at + place, byte) for place, byte in enumerate(prefix)]


def _as_written(marks: Sequence[_Mark], data: bytes) -> bool:
    """Whether the bytes are there; the places must be inside.

    polars takes any index but 0 for "a value"; a record must not be good or broken depending on its neighbours.
    """
    content = np.frombuffer(data, np.uint8)
    return all((content[places] == byte).all() for places, byte in marks)


def _numbers(column: pl.Series) -> npt.NDArray[np.int64]:
    return column.to_numpy().astype(np.int64, copy=False)


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


def _varint_length(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | np.int64:
    """Bytes that Avro needs for each number (zigzag, 7 bits a byte); one figure where all need the same."""
    if not len(numbers):
        return np.int64(0)
    low, high = int(numbers.min()), int(numbers.max())
    if low >= 0 and (size := len(zigzag(low))) == len(zigzag(high)):
        return np.int64(size)
    folded = ((numbers << 1) ^ (numbers >> 63)).view(np.uint64)
    length = np.ones(len(numbers), np.int64)
    for bits in range(7, 64, 7):
        above = folded >= np.uint64(1 << bits)
        if not above.any():
            break
        length += above
    return length
