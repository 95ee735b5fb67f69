"""Kafka's record batches as the broker sends them: looked over without unpacking, and unpacked.

Two steps, because they happen in two places. The thread that fetches only needs to know which offsets came; the thread
that works checks the checksum and unpacks, so that a damaged log stops the stage as any other fault does.

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
from schemas.errors import SystemFault
from schemas.topics import Topic

MAX_UNPACKED_BYTES = 64 * 1024 * 1024
"""Of one record batch. Kafka bounds only what it takes packed, and a megabyte of zeros packed small is gigabytes."""

_USUAL_GROWTH = 8
_LEAST_ROOM = 64 * 1024

_FORMAT = 2
_HEADER = struct.Struct(">qiibIhiqqqhii")
_LENGTH_ENDS = 12  # base offset and length; the length counts what follows
_CHECKED_FROM = 21  # the checksum covers everything from the attributes on
_CODEC, _APPEND_TIME, _CONTROL = 0x07, 0x08, 0x20


class Header(NamedTuple):
    """What a record batch says of itself; field names of the Kafka documentation."""

    base_offset: int
    batch_length: int
    partition_leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    records: int

    @property
    def next_offset(self) -> int:
        """The offset after the batch."""
        return self.base_offset + self.last_offset_delta + 1

    @property
    def is_control(self) -> bool:
        """Whether it holds marks of transactions instead of records."""
        return bool(self.attributes & _CONTROL)


@dataclass(frozen=True, slots=True)
class RecordBatches:
    """Record batches of one partition.

    Attributes:
        topic: Full name of the topic.
        partition: Partition number.
        first: Offset that was asked for; the first batch may begin before it.
        end: The offset where the next piece begins; the last batch may go beyond it.
        count: About how many records of them are meant, and never less than there are.
        data: The batches.
    """

    topic: str
    partition: int
    first: int
    end: int
    count: int
    data: Sequence[bytes] = field(repr=False)

    def unpacked(self, topic: Topic, bound: int | None = None) -> PackedBatch:
        """The records from `first` on, below the bound.

        Args:
            topic: Which topic of the contract it is.
            bound: Offset to stop before; None for all.

        Raises:
            SystemFault: The log is damaged, or a batch is unreasonably large.
        """
        end = self.end if bound is None else min(self.end, bound)
        runs = [self._run(batch, end) for batch in self.data]
        return PackedBatch(topic, self.partition, self.first, end, runs)

    def _run(self, batch: bytes, end: int) -> RecordRun:
        header = Header._make(_HEADER.unpack_from(batch))
        if calc_crc32c(memoryview(batch)[_CHECKED_FROM:]) != header.crc:
            raise self._fault(header, "is damaged: its checksum is wrong")
        codec = header.attributes & _CODEC
        records = memoryview(batch)[_HEADER.size :]
        try:
            data = bytes(records) if codec == 0 else _UNPACK[codec](records)
        except KeyError:
            raise self._fault(header, f"has an unknown compression ({codec})") from None
        except (cramjam.DecompressionError, ValueError, struct.error) as error:
            raise self._fault(header, f"cannot be unpacked within {MAX_UNPACKED_BYTES} bytes ({error})") from None
        append_time = header.max_timestamp if header.attributes & _APPEND_TIME else None
        run = RecordRun(header.base_offset, header.base_timestamp, append_time, header.records, data)
        whole = header.base_offset >= self.first and header.next_offset <= end
        return run if whole else run.cut(self.first, end)

    def _fault(self, header: Header, what: str) -> SystemFault:
        return SystemFault(f"the record batch of {self.topic}[{self.partition}] at offset {header.base_offset} {what}")


def headers(data: bytes) -> Iterator[tuple[Header, int, int]]:
    """The record batches of a fetch: header, begin and end of each. A batch cut off at the end is left out."""
    begin = 0
    while begin + _HEADER.size <= len(data):
        header = Header._make(_HEADER.unpack_from(data, begin))
        end = begin + _LENGTH_ENDS + header.batch_length
        if header.magic != _FORMAT or end > len(data) or end < begin + _HEADER.size:
            return
        yield header, begin, end
        begin = end


def _into(decompress: Callable[..., int]) -> Callable[[memoryview], bytes]:
    """A decompressor that is given ever more room, up to the limit, for it cannot say how much it needs."""

    def unpack(packed: memoryview) -> bytes:
        size = max(_LEAST_ROOM, _USUAL_GROWTH * len(packed))
        while True:
            room = bytearray(min(size, MAX_UNPACKED_BYTES))
            try:
                return bytes(memoryview(room)[: decompress(packed, room)])
            except cramjam.DecompressionError:
                if size >= MAX_UNPACKED_BYTES:
                    raise
            size *= _USUAL_GROWTH

    return unpack


_UNPACK: dict[int, Callable[[memoryview], bytes]] = {
    1: _into(cramjam.gzip.decompress_into),
    2: snappy_decode,  # cannot grow by more than a factor of 64
    3: _into(cramjam.lz4.decompress_into),
    4: _into(cramjam.zstd.decompress_into),
}
