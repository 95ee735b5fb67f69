"""Record batches as Kafka stores them, made by aiokafka's own builder."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka.record.default_records import DefaultRecordBatchBuilder

from processors.transport.record_batches import RecordBatches, read_headers
from schemas.batches.batch import Batch
from schemas.batches.packed_batch import PackedBatch
from schemas.topics import Topic

Header = tuple[str, bytes | None]


def record_batch(
    values: Sequence[bytes | None],
    keys: Sequence[bytes | None],
    timestamps: Sequence[int],
    *,
    codec: int = 0,
    base_offset: int = 0,
    record_headers: Sequence[Sequence[Header]] | None = None,
) -> bytes:
    """One record batch, as a broker would send it."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=codec,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 30,
    )
    extra = record_headers or [()] * len(values)
    for offset, (value, key, when, own) in enumerate(zip(values, keys, timestamps, extra, strict=True)):
        assert builder.append(offset, when, key, value, list(own)) is not None
    made = bytes(builder.build())
    return base_offset.to_bytes(8, "big") + made[8:]  # the checksum does not cover the base offset


def record_batches(data: bytes, first: int = 0) -> RecordBatches:
    """The same data as our consumer returns it."""
    found = list(read_headers(data))
    end, count = found[-1][0].next_offset, sum(header.records for header, _begin, _end in found)
    return RecordBatches("a-topic", 0, first, end, count, [data[begin:end] for _header, begin, end in found])


def packed(batch: Batch, together: int = 1000) -> PackedBatch:
    """The same batch as Kafka stores it, in record batches of `together` records."""
    data = b""
    for first in range(0, len(batch), together):
        part = slice(first, first + together)
        chosen = batch.values[part], batch.keys[part], batch.timestamps[part]
        data += record_batch(*chosen, base_offset=batch.first + first)
    return record_batches(data, batch.first).unpack(Topic(batch.topic))
