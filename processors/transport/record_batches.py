"""Kafka's record batches as the broker sends them: reading their headers, and unpacking them.

Two steps, in two threads. The fetching thread reads only the headers, to know which offsets came. The worker thread
verifies the checksum and unpacks, so that a damaged log stops the stage like any other fault.

Source of the layout: Apache Kafka documentation, "Implementation", "Message Format", record batch of format 2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import cramjam
from aiokafka.codec import snappy_decode
from aiokafka.record.util import calc_crc32c

from schemas.batches.packed_batch import PackedBatch, RecordRun
from schemas.codec.decompression import with_growing_buffer
from schemas.errors import SystemFault
from schemas.topics import Topic

MAX_UNPACKED_BYTES = 64 * 1024 * 1024
"""Of one record batch. Kafka limits only the compressed size, and one megabyte of packed zeros can be gigabytes."""

_MAGIC = 2
_HEADER = struct.Struct(">qi4xbIhiqq14xi")  # skipped: leader epoch; producer id and epoch, base sequence
_LENGTH_ENDS = 12  # base offset and length field; the length counts the bytes after it
_CRC_FROM = 21  # the checksum covers everything from the attributes on
_CODEC, _APPEND_TIME, _CONTROL = 0x07, 0x08, 0x20


class BatchHeader(NamedTuple):
    """Header of a record batch; field names as in the Kafka documentation."""

    base_offset: int
    batch_length: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    records: int

    @property
    def next_offset(self) -> int:
        """The offset after the batch."""
        return self.base_offset + self.last_offset_delta + 1

    @property
    def is_control(self) -> bool:
        """Whether it holds transaction markers instead of records."""
        return bool(self.attributes & _CONTROL)


@dataclass(frozen=True, slots=True)
class RecordBatches:
    """Record batches of one partition.

    Attributes:
        topic: Full name of the topic.
        partition: Partition number.
        first: Offset that was asked for; the first batch may begin before it.
        end: Offset where the next piece begins; the last batch may go beyond it.
        count: Approximate number of records between `first` and `end`; never too low.
        data: The batches.
        remaining: How many offsets the log had after `end` when this was fetched.
    """

    topic: str
    partition: int
    first: int
    end: int
    count: int
    data: Sequence[bytes] = field(repr=False)
    remaining: int = 0

    def unpack(self, topic: Topic, end: int | None = None) -> PackedBatch:
        """The records from `first` on.

        Args:
            topic: Which topic of the contract it is.
            end: Offset to stop before; None for all.

        Raises:
            SystemFault: The log is damaged, or a batch is unreasonably large.
        """
        end = self.end if end is None else min(self.end, end)
        runs = [self._unpack_one(batch, end) for batch in self.data]
        return PackedBatch(topic, self.partition, self.first, end, runs, self.remaining)

    def _unpack_one(self, batch: bytes, end: int) -> RecordRun:
        header = BatchHeader._make(_HEADER.unpack_from(batch))
        if calc_crc32c(memoryview(batch)[_CRC_FROM:]) != header.crc:
            raise self._fault(header, "is damaged: its checksum is wrong")
        codec = header.attributes & _CODEC
        packed = memoryview(batch)[_HEADER.size :]
        try:
            data = bytes(packed) if codec == 0 else _DECOMPRESS[codec](packed)
        except KeyError:
            raise self._fault(header, f"has an unknown compression ({codec})") from None
        except (cramjam.DecompressionError, ValueError, struct.error) as error:
            raise self._fault(header, f"cannot be unpacked within {MAX_UNPACKED_BYTES} bytes ({error})") from None
        append_time = header.max_timestamp if header.attributes & _APPEND_TIME else None
        run = RecordRun(header.base_offset, header.base_timestamp, append_time, header.records, data)
        whole = header.base_offset >= self.first and header.next_offset <= end
        return run if whole else run.cut(self.first, end)

    def _fault(self, header: BatchHeader, problem: str) -> SystemFault:
        where = f"{self.topic}[{self.partition}] at offset {header.base_offset}"
        return SystemFault(f"the record batch of {where} {problem}")


def read_headers(data: bytes) -> Iterator[tuple[BatchHeader, int, int]]:
    """Header, start and end position of each record batch of a fetch; a batch cut off at the end is left out."""
    start = 0
    while start + _HEADER.size <= len(data):
        header = BatchHeader._make(_HEADER.unpack_from(data, start))
        end = start + _LENGTH_ENDS + header.batch_length
        if header.magic != _MAGIC or end > len(data) or end < start + _HEADER.size:
            return
        yield header, start, end
        start = end


_DECOMPRESS: dict[int, Callable[[memoryview], bytes]] = {
    1: with_growing_buffer(cramjam.gzip.decompress_into, MAX_UNPACKED_BYTES),
    2: snappy_decode,  # cannot grow by more than a factor of 64
    3: with_growing_buffer(cramjam.lz4.decompress_into, MAX_UNPACKED_BYTES),
    4: with_growing_buffer(cramjam.zstd.decompress_into, MAX_UNPACKED_BYTES),
}
