"""Records of one partition as Kafka stores them: one run of bytes for many records.

A record in a record batch of format 2 is zigzag varints and length-prefixed bytes. Kernels find the keys and values of
thousands of records (`schemas.batches.record_spans`) without a step of Python for each. This module holds the bytes,
and unpacks single records where a caller needs them.

Source of the layout: Apache Kafka documentation, "Implementation", "Message Format".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar, overload

from schemas.errors import SystemFault
from schemas.topics import Topic

T = TypeVar("T")


class PackedRecord(NamedTuple):
    """One record.

    Attributes:
        offset: Offset.
        timestamp: Kafka timestamp, epoch milliseconds.
        key: Raw key, or None.
        value: Raw value; None for a tombstone.
    """

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class RecordRun:
    """Consecutive records of one record batch, uncompressed.

    Attributes:
        base_offset: The records hold offsets relative to it.
        base_timestamp: The records hold timestamps relative to it; epoch milliseconds.
        append_time: The timestamp of all records where the broker sets it, else None.
        count: How many records there are.
        data: Their bytes.
    """

    base_offset: int
    base_timestamp: int
    append_time: int | None
    count: int
    data: bytes = field(repr=False)

    def __iter__(self) -> Iterator[PackedRecord]:
        """The records, in order.

        Raises:
            SystemFault: The bytes are no well-formed records: the log is damaged.
        """
        return (record for record, _end in self._walk())

    def _walk(self) -> Iterator[tuple[PackedRecord, int]]:
        """Each record, and the place after its bytes."""
        position = 0
        try:
            for _ in range(self.count):
                record, position = self._read(position)
                yield record, position
        except IndexError:
            raise self._damaged() from None
        if position != len(self.data):
            raise self._damaged()

    def cut(self, first: int, end: int) -> RecordRun:
        """The records from offset `first` on and below `end`."""
        start = stop = count = 0
        for record, position in self._walk():
            if record.offset < first:
                start = stop = position
            elif record.offset < end:
                stop, count = position, count + 1
        return RecordRun(self.base_offset, self.base_timestamp, self.append_time, count, self.data[start:stop])

    def _read(self, position: int) -> tuple[PackedRecord, int]:
        data = self.data
        length, at = _varint(data, position)
        end = at + length
        timestamp, at = _varint(data, at + 1)
        offset, at = _varint(data, at)
        key, at = _bytes(data, at)
        value, at = _bytes(data, at)
        if not at <= end <= len(data):
            raise self._damaged()
        when = _wrapped(self.base_timestamp + timestamp) if self.append_time is None else self.append_time
        return PackedRecord(self.base_offset + offset, when, key, value), end

    def _damaged(self) -> SystemFault:
        return SystemFault(f"the record batch at offset {self.base_offset} is not well formed: its log is damaged")


def _wrapped(number: int) -> int:
    """A sum that wraps around at 64 bits, as in Kafka's brokers and clients, and in numpy (`locate_records`)."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A zigzag varint and the position after it."""
    byte = data[at]
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), at + 1
    number, shift = byte & 0x7F, 7
    while True:
        at += 1
        byte = data[at]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), at + 1
        shift += 7


def _bytes(data: bytes, at: int) -> tuple[bytes | None, int]:
    length, at = _varint(data, at)
    if length < 0:
        return None, at
    return data[at : at + length], at + length


class PackedBatch:
    """Fetched records of one partition, still as Kafka stores them; a `schemas.batches.batch.Batch`.

    Args:
        topic: The topic of the contract.
        partition: Partition number.
        first: Offset where the reading of the batch began; there may be no record with it.
        end: Offset where the reading continues.
        runs: The records in offset order; may be empty.
        remaining: How many records of the partition were known to follow when it was fetched; 0: none, or unknown.
    """

    def __init__(
        self, topic: Topic, partition: int, first: int, end: int, runs: Sequence[RecordRun], remaining: int = 0
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.first = first
        self.end = end
        self.remaining = remaining
        self.runs = [run for run in runs if run.count]
        self._begins = [0, *accumulate(run.count for run in self.runs)]
        self._unpacked: dict[int, Sequence[PackedRecord]] = {}

    def __len__(self) -> int:
        """Number of records."""
        return self._begins[-1]

    def record(self, index: int) -> PackedRecord:
        """One record; unpacks its run.

        Raises:
            IndexError: There is no such record.
            SystemFault: The log is damaged.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        number = bisect_right(self._begins, index) - 1
        if number not in self._unpacked:
            self._unpacked[number] = list(self.runs[number])
        return self._unpacked[number][index - self._begins[number]]

    @property
    def offsets(self) -> Sequence[int]:
        """Offsets, ascending."""
        return _Fields(self, itemgetter(0))

    @property
    def timestamps(self) -> Sequence[int]:
        """Kafka timestamps, epoch milliseconds."""
        return _Fields(self, itemgetter(1))

    @property
    def keys(self) -> Sequence[bytes | None]:
        """Raw keys."""
        return _Fields(self, itemgetter(2))

    @property
    def values(self) -> Sequence[bytes | None]:
        """Raw values."""
        return _Fields(self, itemgetter(3))


class _Fields(Sequence[T]):
    """One field of all records of a batch."""

    def __init__(self, batch: PackedBatch, field_of: Callable[[PackedRecord], T]) -> None:
        self._batch = batch
        self._field_of = field_of

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        return self._field_of(self._batch.record(index + len(self) if index < 0 else index))

    def __len__(self) -> int:
        return len(self._batch)
