"""Fast path: a whole batch of flat records decoded into columns at once.

Records that were written with one schema are decoded as one block (`schemas.codec.avro_block`). A batch may hold
several such runs: old writers and new ones publish side by side while a deployment is being replaced. A block that is
refused is tried again in small ones, and of those what is refused too is decoded record by record: a broken record
costs only itself, and slows only its neighbours.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.batches.batch import Batch, Reject
from schemas.catalogue import latest, parsed
from schemas.codec.avro_block import BlockReader, block_reader, column_types
from schemas.codec.record import WriterSchemas, decoder, pinned_only
from schemas.codec.wire import HEADER_BYTES, MAX_RECORD_BYTES, framed_id
from schemas.errors import PoisonRecord

_SMALL_BLOCK = 512


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
        return self._decode_alike(batch) or self._decode_mixed(batch)

    def _decode_alike(self, batch: Batch) -> Columns | None:
        """All at once, as nearly every batch is: of one writer schema, and none broken; None for any other."""
        if not len(batch):
            return None
        values = cast("Sequence[bytes]", batch.values)
        try:
            lengths = np.fromiter(map(len, values), np.int64, len(batch))
        except TypeError:
            return None  # a tombstone has no length
        prefix = values[0][:HEADER_BYTES]
        frame = self._decode_block(prefix, values, lengths)
        if frame is None:
            return None
        index = np.arange(len(batch), dtype=np.uint32)
        return Columns(_with_origin(frame, batch, index, batch.keys, _checksums_of(values, lengths, prefix)), ())

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
        chosen = index.tolist()
        keys = [batch.keys[one] for one in chosen]
        checksums = _checksums((batch.values[one][HEADER_BYTES:] for one in chosen), len(chosen))
        everything = _with_origin(pl.concat([*frames, frame]), batch, index, keys, checksums)
        return Columns(everything.sort("index"), rejects)

    def _decode_blocks(
        self, prefix: bytes, chosen: list[int], values: Sequence[bytes | None]
    ) -> Iterator[tuple[pl.DataFrame | None, list[int]]]:
        """All at once; where that fails, in small blocks, so that a broken record slows only its neighbours."""
        frame = self._decode_chosen(prefix, chosen, values)
        if frame is not None or len(chosen) <= _SMALL_BLOCK:
            yield frame, chosen
            return
        for first in range(0, len(chosen), _SMALL_BLOCK):
            part = chosen[first : first + _SMALL_BLOCK]
            yield self._decode_chosen(prefix, part, values), part

    def _decode_chosen(
        self, prefix: bytes, chosen: Sequence[int], values: Sequence[bytes | None]
    ) -> pl.DataFrame | None:
        found = [value for place in chosen if (value := values[place]) is not None]
        if len(found) < len(chosen):
            return None
        return self._decode_block(prefix, found, np.fromiter(map(len, found), np.int64, len(found)))

    def _decode_block(
        self, prefix: bytes, values: Sequence[bytes], lengths: npt.NDArray[np.int64]
    ) -> pl.DataFrame | None:
        block = self._block_for(prefix)
        if block is None or int(lengths.max()) > MAX_RECORD_BYTES:
            return None
        return block.read_values(values, lengths, prefix)

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
    frame: pl.DataFrame,
    batch: Batch,
    index: npt.NDArray[np.uint32],
    keys: Sequence[bytes | None],
    checksums: npt.NDArray[np.uint32],
) -> pl.DataFrame:
    return frame.with_columns(
        pl.Series("index", index),
        pl.Series("offset", np.array(batch.offsets, np.int64)[index]),
        pl.Series("timestamp", np.array(batch.timestamps, np.int64)[index]),
        pl.Series("key", keys, pl.Binary),
        pl.Series("crc", checksums),
    )


def _checksums(bodies: Iterable[bytes], count: int) -> npt.NDArray[np.uint32]:
    return np.fromiter(map(zlib.crc32, bodies), np.uint32, count)


def _checksums_of(values: Sequence[bytes], lengths: npt.NDArray[np.int64], prefix: bytes) -> npt.NDArray[np.uint32]:
    """Checksums of the bodies, from those of the whole values, so that no body has to be cut out.

    CRC-32 is linear: what a given prefix does to it depends on nothing but the length of what follows.
    """
    by_length = np.zeros(int(lengths.max()) + 1, np.uint32)
    for length in np.flatnonzero(np.bincount(lengths)).tolist():
        zeros = bytes(length - len(prefix))
        by_length[length] = zlib.crc32(prefix + zeros) ^ zlib.crc32(zeros)
    return _checksums(values, len(values)) ^ by_length[lengths]
