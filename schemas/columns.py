"""Fast path: a whole batch of flat records decoded into columns at once.

Records that were written with one schema are decoded as one block (`schemas.blocks`). A batch may hold several such
runs: old writers and new ones publish side by side while a deployment is being replaced. A block that is refused is
tried again in small ones, and of those what is refused too is decoded record by record: a broken record costs only
itself, and slows only its neighbours.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.batch import Batch, Reject
from schemas.blocks import BlockReader, RecordColumns, block_reader, column_types
from schemas.catalogue import latest, parsed
from schemas.codec import WriterSchemas, decoder, pinned_only
from schemas.errors import PoisonRecord
from schemas.packed import PackedBatch
from schemas.wire import HEADER_BYTES, MAX_RECORD_BYTES, framed_id

_SMALL_BLOCK = 512
_STARTS_WITH: Callable[[bytes, bytes], bool] = bytes.startswith


@dataclass(frozen=True, slots=True)
class Columns:
    """A decoded batch.

    Attributes:
        frame: One row per readable record, in the order of the batch: the fields of the schema, and `index` (position
            in the batch, UInt32), `offset`, `timestamp` (Int64), `key` (Binary) and `crc` (UInt32: CRC-32 of the body,
            the order between two contents that claim one identity).
        rejects: The records that could not be read.
    """

    frame: pl.DataFrame
    rejects: Sequence[Reject]


class ColumnDecoder:
    """Decodes batches of one flat subject: strings, longs, ints, plain enums, nullable strings.

    Args:
        subject: A subject whose newest schema is flat.
        writer_schemas: Where schemas that are not pinned come from.
    """

    def __init__(self, subject: str, writer_schemas: WriterSchemas = pinned_only) -> None:
        self._subject = subject
        self._writer_schemas = writer_schemas
        self._reader_schema = parsed(latest(subject).schema_id)
        self._schema = column_types(self._reader_schema)
        self._decode_one = decoder(subject, writer_schemas)
        self._blocks: dict[bytes, BlockReader | None] = {}

    def decode(self, batch: Batch) -> Columns:
        """Decode a batch; never raises for what a record holds."""
        if isinstance(batch, PackedBatch):
            return self._decode_packed(batch) or self._decode_parts(batch)
        return self._decode_unpacked(batch)

    def _decode_unpacked(self, batch: Batch) -> Columns:
        return self._decode_alike(batch) or self._decode_mixed(batch)

    def _decode_alike(self, batch: Batch) -> Columns | None:
        """All at once, as nearly every batch is: of one writer schema, and none broken; None for any other."""
        if not len(batch) or None in batch.values:
            return None
        values = cast("Sequence[bytes]", batch.values)
        prefix = values[0][:HEADER_BYTES]
        if len(prefix) < HEADER_BYTES or not all(map(_STARTS_WITH, values, repeat(prefix))):
            return None
        if max(map(len, values)) > MAX_RECORD_BYTES:
            return None
        block = self._block_for(prefix)
        bodies = [value[HEADER_BYTES:] for value in values]
        frame = None if block is None else block.read(bodies)
        if frame is None:
            return None
        return Columns(_with_origin(frame, batch, np.arange(len(bodies), dtype=np.uint32), bodies), ())

    def _decode_mixed(self, batch: Batch) -> Columns:
        """Run by run of one writer schema, and what is broken record by record."""
        frames: list[pl.DataFrame] = []
        places: list[npt.NDArray[np.uint32]] = []
        slow: list[int] = []
        for prefix, together in _by_prefix(batch.values).items():
            for frame, chosen in self._decode_blocks(prefix, together, batch.values):
                if frame is None:
                    slow += chosen
                else:
                    frames.append(frame)
                    places.append(np.array(chosen, np.uint32))
        frame, place, rejects = self._decode_each(batch, sorted(slow))
        index = np.concatenate([*places, place])
        bodies = (batch.values[one][HEADER_BYTES:] for one in index.tolist())
        everything = _with_origin(pl.concat([*frames, frame]), batch, index, bodies)
        return Columns(everything.sort("index"), rejects)

    def _decode_packed(self, batch: PackedBatch) -> Columns | None:
        """All at once, as Kafka stores them; None where they must be unpacked first."""
        prefix = (batch.first_value() or b"")[:HEADER_BYTES]
        block = self._block_for(prefix)
        if block is None:
            return None
        data = batch.data()
        columns = block.read_records(data, len(batch), prefix)
        if columns is None or int((columns.ends - columns.begins).max()) > MAX_RECORD_BYTES - HEADER_BYTES:
            return None
        return Columns(_with_packed_origin(columns, batch, data), ())

    def _decode_parts(self, batch: PackedBatch) -> Columns:
        """Record batch by record batch: only the neighbours of a broken record must be unpacked."""
        frames: list[pl.DataFrame] = []
        rejects: list[Reject] = []
        for begin, part in batch.parts():
            columns = self._decode_packed(part) or self._decode_unpacked(part)
            frames.append(columns.frame.with_columns(pl.col("index") + pl.lit(begin, pl.UInt32)))
            rejects += [replace(reject, index=reject.index + begin) for reject in columns.rejects]
        return Columns(pl.concat(frames), rejects)

    def _decode_blocks(
        self, prefix: bytes, chosen: list[int], values: Sequence[bytes | None]
    ) -> Iterator[tuple[pl.DataFrame | None, list[int]]]:
        """All at once; where that fails, in small blocks, so that a broken record slows only its neighbours."""
        frame = self._decode_block(prefix, [values[place] for place in chosen])
        if frame is not None or len(chosen) <= _SMALL_BLOCK:
            yield frame, chosen
            return
        for first in range(0, len(chosen), _SMALL_BLOCK):
            part = chosen[first : first + _SMALL_BLOCK]
            yield self._decode_block(prefix, [values[place] for place in part]), part

    def _decode_block(self, prefix: bytes, values: Sequence[bytes | None]) -> pl.DataFrame | None:
        block = self._block_for(prefix)
        if block is None:
            return None
        whole = [value for value in values if value is not None and len(value) <= MAX_RECORD_BYTES]
        return block.read([value[HEADER_BYTES:] for value in whole]) if len(whole) == len(values) else None

    def _block_for(self, prefix: bytes) -> BlockReader | None:
        """How to read the records of one writer schema at once; None when they must be decoded one by one."""
        if prefix in self._blocks:
            return self._blocks[prefix]
        schema_id = framed_id(prefix)
        writer = None if schema_id is None else self._writer_schemas(schema_id, self._subject)
        if writer is None:
            return None  # not remembered: ids may be invented without end, and their writer may yet register them
        self._blocks[prefix] = block_reader(writer, self._reader_schema)
        return self._blocks[prefix]

    def _decode_each(
        self, batch: Batch, chosen: Iterable[int]
    ) -> tuple[pl.DataFrame, npt.NDArray[np.uint32], Sequence[Reject]]:
        records: list[dict[str, Any]] = []
        accepted: list[int] = []
        rejects: list[Reject] = []
        for index in chosen:
            value = batch.values[index]
            try:
                records.append(self._decode_one(value))
                accepted.append(index)
            except PoisonRecord as poison:
                rejects.append(Reject(index, poison.reason, poison.detail, framed_id(value)))
        return pl.DataFrame(records, schema=self._schema, orient="row"), np.array(accepted, np.uint32), rejects


def _by_prefix(values: Sequence[bytes | None]) -> dict[bytes, list[int]]:
    """Positions of the values, by the frame that they begin with."""
    found: dict[bytes, list[int]] = {}
    for place, value in enumerate(values):
        found.setdefault((value or b"")[:HEADER_BYTES], []).append(place)
    return found


def _with_origin(
    frame: pl.DataFrame, batch: Batch, index: npt.NDArray[np.uint32], bodies: Iterable[bytes]
) -> pl.DataFrame:
    return frame.with_columns(
        pl.Series("index", index),
        pl.Series("offset", np.array(batch.offsets, np.int64)[index]),
        pl.Series("timestamp", np.array(batch.timestamps, np.int64)[index]),
        pl.Series("key", [batch.keys[place] for place in index.tolist()], pl.Binary),
        _checksums(bodies, len(index)),
    )


def _checksums(bodies: Iterable[bytes], count: int) -> pl.Series:
    return pl.Series("crc", np.fromiter(map(zlib.crc32, bodies), np.uint32, count))


def _with_packed_origin(columns: RecordColumns, batch: PackedBatch, data: bytes) -> pl.DataFrame:
    bodies = map(data.__getitem__, map(slice, columns.begins.tolist(), columns.ends.tolist()))
    return columns.frame.with_columns(
        pl.Series("index", np.arange(len(batch), dtype=np.uint32)),
        pl.Series("offset", batch.base_offsets() + columns.offsets),
        pl.Series("timestamp", batch.stamped(columns.timestamps)),
        columns.keys.alias("key"),
        _checksums(bodies, len(batch)),
    )
