from __future__ import annotations

import struct

import pytest
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st
from support.record_batches import Header, record_batch, record_batches

from processors.transport.record_batches import MAX_UNPACKED_BYTES, RecordBatches, read_headers
from schemas.batches.packed_batch import PackedRecord
from schemas.batches.record_spans import locate_records
from schemas.errors import SystemFault
from schemas.topics import Topic

Log = list[tuple[list[tuple[int, bytes | None, bytes | None, list[Header]]], int]]
"""Record batches: records of time, key, value and headers; compression."""

CODECS = range(5)
blobs = st.none() | st.binary(max_size=200)
times = st.integers(0, 4_102_444_800_000)
record_headers = st.lists(st.tuples(st.text(max_size=5), blobs), max_size=3)
records = st.lists(st.tuples(times, blobs, blobs, record_headers), min_size=1, max_size=40)
logs = st.lists(st.tuples(records, st.sampled_from(CODECS)), min_size=1, max_size=4)


def stored(
    log: list[tuple[list[tuple[int, bytes | None, bytes | None, list[tuple[str, bytes | None]]]], int]],
) -> bytes:
    """The batches of a log, one after another, from offset 0."""
    data, offset = b"", 0
    for content, codec in log:
        times_, keys, values, extra = zip(*content, strict=True)
        data += record_batch(values, keys, times_, codec=codec, base_offset=offset, record_headers=extra)
        offset += len(content)
    return data


@given(logs, st.integers(0, 30), st.integers(0, 60))
def test_any_range_of_any_log_is_read_as_it_was_written(log: Log, first: int, length: int) -> None:
    """For any keys, values, headers and compression, exactly the records of the range come out."""
    expected = [
        PackedRecord(n, record[0], record[1], record[2])
        for n, record in enumerate(r for content, _codec in log for r in content)
    ]
    batch = record_batches(stored(log), first).unpack(Topic.RATING, first + length)
    assert [batch.record(index) for index in range(len(batch))] == expected[first : first + length]
    assert list(batch.values) == [record.value for record in expected[first : first + length]]


@pytest.mark.parametrize("codec", CODECS)
def test_a_changed_byte_anywhere_is_a_damaged_log(codec: int) -> None:
    """A change of any byte that the checksum covers is detected."""
    whole = record_batch([b"value" * 9] * 3, [b"k"] * 3, [1, 2, 3], codec=codec)
    for place in range(21, len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        with pytest.raises(SystemFault, match=r"a-topic\[0\] at offset 0 is damaged"):
            RecordBatches("a-topic", 0, 0, 3, 3, [bytes(damaged)]).unpack(Topic.RATING)


@pytest.mark.parametrize("codec", [1, 3, 4])
def test_a_batch_that_would_fill_the_memory_stops_the_stage(codec: int) -> None:
    """A small batch that would unpack beyond the limit is refused with a clear error."""
    bomb = record_batch([bytes(MAX_UNPACKED_BYTES)], [b"k"], [1], codec=codec)
    assert len(bomb) < 1_000_000
    with pytest.raises(SystemFault, match="cannot be unpacked within"):
        record_batches(bomb).unpack(Topic.RATING)


def test_append_time_is_the_time_of_all_records() -> None:
    """With append time, every record of a batch has the broker's timestamp."""
    whole = bytearray(record_batch([b"v"] * 3, [b"k"] * 3, [5, 6, 7]))
    attributes, latest = 21, 35
    struct.pack_into(">h", whole, attributes, 0x08)
    struct.pack_into(">q", whole, latest, 99)
    struct.pack_into(">I", whole, 17, calc_crc32c(bytes(whole[21:])))
    batch = record_batches(bytes(whole)).unpack(Topic.RATING)
    assert list(batch.timestamps) == [99, 99, 99]
    assert locate_records(batch).timestamps.tolist() == [99, 99, 99]


def test_incomplete_batches_and_old_formats_are_left_out() -> None:
    """A batch that is cut off at the end of a fetch, and a batch of format 1, are not read."""
    one, two = record_batch([b"a"], [b"k"], [1]), record_batch([b"b"], [b"k"], [1], base_offset=1)
    assert [header.base_offset for header, _b, _e in read_headers(one + two[:-1])] == [0]
    old = bytearray(one)
    old[16] = 1
    assert list(read_headers(bytes(old))) == []
    assert list(read_headers(b"")) == []


@given(st.binary(max_size=300), st.integers(0, 5))
def test_any_bytes_under_a_right_checksum_are_records_or_a_damaged_log(noise: bytes, count: int) -> None:
    """Random bytes behind a valid checksum either give records or a SystemFault, never a crash."""
    whole = bytearray(record_batch([b"v"], [b"k"], [1])[:61] + noise)
    struct.pack_into(">i", whole, 8, len(whole) - 12)
    struct.pack_into(">i", whole, 57, count)
    struct.pack_into(">I", whole, 17, calc_crc32c(bytes(whole[21:])))
    batch = record_batches(bytes(whole)).unpack(Topic.RATING)
    try:
        found = [batch.record(index) for index in range(len(batch))]
    except SystemFault:
        return
    assert len(found) == count
