"""Fast path: a whole batch of flat records decoded into columns at once.

A run of framed Avro bodies of one schema is, byte for byte, the inside of one Avro container block. So the
frames are stripped, a container header, the counts and a sync marker are added, and polars reads the block about
eight times faster than record-by-record decoding.

A container has no borders between records, so one broken record could shift all that follow it. Therefore each
row's encoded length is computed back from its columns and compared with the length that came from Kafka: when all
agree, every row starts exactly where its record started. When polars refuses the block, or one length differs, the
batch is decoded record by record, and a broken record costs only itself.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import fastavro
import numpy as np
import numpy.typing as npt
import polars as pl
from polars.exceptions import PanicException, PolarsError

from schemas.batch import RawBatch, Reject
from schemas.catalogue import latest, parsed
from schemas.codec import WriterSchemas, decoder, pinned_only
from schemas.errors import PoisonRecord
from schemas.wire import HEADER_BYTES, MAX_RECORD_BYTES, frame_header, framed_id

_SYNC = b"hailong-columns!"


@dataclass(frozen=True, slots=True)
class Columns:
    """A decoded batch.

    Attributes:
        frame: One row per readable record: the fields of the schema, and `index` (position in the batch, UInt32),
            `offset`, `timestamp` (Int64) and `crc` (UInt32: CRC-32 of the body, the order between two contents that
            claim one identity).
        rejects: The records that could not be read.
    """

    frame: pl.DataFrame
    rejects: Sequence[Reject]


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


class ColumnDecoder:
    """Decodes batches of one flat subject: strings, longs, ints, one plain enum, nullable strings.

    Args:
        subject: A subject whose newest schema is flat.
        writer_schemas: Where schemas that are not pinned come from.
    """

    def __init__(self, subject: str, writer_schemas: WriterSchemas = pinned_only) -> None:
        newest = latest(subject)
        schema = parsed(newest.schema_id)
        self._prefix = frame_header(newest.schema_id)
        self._decode_one = decoder(subject, writer_schemas)
        self._fields: list[tuple[str, Any]] = [(field["name"], field["type"]) for field in schema["fields"]]
        header = io.BytesIO()
        fastavro.writer(header, schema, [], sync_marker=_SYNC)
        self._header = header.getvalue()
        self._schema = {name: _polars_type(kind) for name, kind in self._fields}

    def decode(self, batch: RawBatch) -> Columns:
        """Decode a batch; never raises for what a record holds."""
        fast = self._decode_block(batch.values)
        if fast is not None:
            everything = np.arange(len(batch), dtype=np.uint32)
            return Columns(self._with_origin(fast, batch, everything), ())
        return self._decode_each(batch)

    def _decode_block(self, values: Sequence[bytes | None]) -> pl.DataFrame | None:
        prefix = self._prefix
        if not values or not all(v is not None and v[:HEADER_BYTES] == prefix for v in values):
            return None
        lengths = np.fromiter(map(len, values), np.int64, len(values))  # type: ignore[arg-type]
        if int(lengths.max()) > MAX_RECORD_BYTES:
            return None
        body = b"".join([v[HEADER_BYTES:] for v in values])  # type: ignore[index]
        block = b"".join((self._header, _varint(len(values)), _varint(len(body)), body, _SYNC))
        try:
            frame = pl.read_avro(io.BytesIO(block))
        except (PolarsError, PanicException, OSError, OverflowError, ValueError, MemoryError):
            return None
        if frame.height != len(values) or not self._aligned(frame, lengths - HEADER_BYTES, body):
            return None
        return frame.with_columns(pl.col(name).cast(kind) for name, kind in self._schema.items())

    def _aligned(self, frame: pl.DataFrame, lengths: npt.NDArray[np.int64], body: bytes) -> bool:
        """Whether every row is exactly its record, and every one-byte index in it is one that Avro allows.

        polars takes any index but 0 for "a value"; a record must not be good or broken depending on its neighbours.
        """
        content = np.frombuffer(body, np.uint8)
        starts = np.cumsum(lengths) - lengths
        at = starts.copy()  # where the next field of each row begins, if all before it are as long as they look
        indexes: list[tuple[npt.NDArray[np.int64], Any]] = []
        for name, kind in self._fields:
            column = frame[name]
            if isinstance(kind, list):
                present = column.is_not_null().to_numpy()
                indexes.append((at.copy(), np.where(present, 2 * kind.index("string"), 2 * kind.index("null"))))
                sizes = column.str.len_bytes()
                size = sizes.fill_null(0).cast(pl.Int64).to_numpy()
                at += 1 + np.where(present, size + _varint_length(size), 0)
            elif kind == "string":
                size = column.str.len_bytes().cast(pl.Int64).to_numpy()
                at += size + _varint_length(size)
            elif kind in ("long", "int"):
                at += _varint_length(column.cast(pl.Int64).to_numpy())
            else:
                symbols = pl.Series(kind["symbols"], dtype=pl.String)
                codes = column.cast(pl.Enum(symbols)).to_physical().cast(pl.Int64).to_numpy()
                indexes.append((at.copy(), 2 * codes))
                at += 1  # an enum of fewer than 64 symbols
        return bool((at - starts == lengths).all()) and all((content[place] == code).all() for place, code in indexes)

    def _decode_each(self, batch: RawBatch) -> Columns:
        records: list[dict[str, Any]] = []
        accepted: list[int] = []
        rejects: list[Reject] = []
        for index, value in enumerate(batch.values):
            try:
                records.append(self._decode_one(value))
                accepted.append(index)
            except PoisonRecord as poison:
                rejects.append(Reject(index, poison.reason, poison.detail, framed_id(value)))
        frame = pl.DataFrame(records, schema=self._schema, orient="row")
        return Columns(self._with_origin(frame, batch, np.array(accepted, np.uint32)), rejects)

    def _with_origin(self, frame: pl.DataFrame, batch: RawBatch, index: npt.NDArray[np.uint32]) -> pl.DataFrame:
        values, chosen = batch.values, index.tolist()
        crc = [zlib.crc32(memoryview(values[i])[HEADER_BYTES:]) for i in chosen]
        return frame.with_columns(
            pl.Series("index", index),
            pl.Series("offset", np.array(batch.offsets, np.int64)[index]),
            pl.Series("timestamp", np.array(batch.timestamps, np.int64)[index]),
            pl.Series("crc", np.array(crc, np.uint32)),
        )


def _polars_type(kind: Any) -> pl.DataType:
    if kind == "long":
        return pl.Int64()
    if kind == "int":
        return pl.Int32()
    return pl.String()
