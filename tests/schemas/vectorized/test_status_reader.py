"""Statuses as numbers are the statuses of the reader of single records, and the same records are refused."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.events import WRITTEN_AT, status
from support.record_batches import packed
from support.statuses import damaged, framed, near_good, status_batch, writers, written

from schemas.batches.batch import Batch, RawBatch
from schemas.batches.packed_batch import PackedBatch, RecordRun
from schemas.catalogue import parsed
from schemas.codec.record import WriterSchemas, encoder, pinned_only
from schemas.codec.varint import zigzag
from schemas.codec.wire import HEADER_BYTES, MAX_RECORD_BYTES, MAX_SCHEMA_ID
from schemas.errors import Reason, SystemFault
from schemas.readers.record_reader import RecordReader
from schemas.records.events import DeclarationStatus
from schemas.topics import Topic
from schemas.validation.rules import LATEST_MS, STATUS_TEXTS
from schemas.vectorized.field_plan import field_plan
from schemas.vectorized.kernels.bodies import crc32
from schemas.vectorized.kernels.texts import FIXED_SEED, hash_of
from schemas.vectorized.status_reader import STATUSES, CodedStatusReader, status_dictionary

ENCODE = encoder("declaration-status")
TABLES = [name for name in STATUS_TEXTS if name not in ("event_id", "declaration_no")]


def one_by_one(batch: Batch, schemas: WriterSchemas) -> tuple[list[tuple[Any, ...]], list[Any]]:
    """Rows and rejects of the reader of single records."""
    read = RecordReader(Topic.DECLARATION_STATUS, DeclarationStatus, schemas).read(batch)
    rows = []
    for index, record in read.accepted:
        crc = zlib.crc32((batch.values[index] or b"")[HEADER_BYTES:])
        numbers = (index, int(record.declaration_no[:11]), record.occurred_at, batch.timestamps[index])
        texts = (getattr(record, name) for name in TABLES)
        rows.append((*numbers, _hash(record.event_id), crc, record.status, *texts))
    return rows, list(read.rejects)


def as_numbers(batch: Batch, schemas: WriterSchemas) -> tuple[list[tuple[Any, ...]], list[Any]]:
    """The same of the coded reader."""
    tables = {name: status_dictionary(name) for name in TABLES}
    found = CodedStatusReader(schemas).read_statuses(batch, tables)
    numbers = (found.index, found.keys, found.occurred_at, found.timestamps, found.events, found.checksums)
    texts = [[tables[name].texts[code] for code in found.codes[name].tolist()] for name in TABLES]
    statuses = [STATUSES[place] for place in found.statuses.tolist()]
    rows = zip(*(column.tolist() for column in numbers), statuses, *texts, strict=True)
    return list(rows), list(found.rejects)


def _hash(text: str) -> int:
    return int(hash_of(np.frombuffer(text.encode(), np.uint8), 0, len(text), FIXED_SEED))


def agree(batch: RawBatch, schemas: WriterSchemas = pinned_only) -> None:
    """Both readers say the same of a batch, and of the batch as Kafka stores it where a producer could write it."""
    expected = one_by_one(batch, schemas)
    assert as_numbers(batch, schemas) == expected
    if len(batch) and min(batch.timestamps) >= 0 and max(batch.timestamps) < LATEST_MS:
        assert as_numbers(packed(batch, 3), schemas) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(near_good, st.sampled_from([b"10300000001", b"10300000001", b"", None, b"103"]), written)))
def test_events_that_are_nearly_good_are_judged_alike(rows: list[tuple[dict[str, Any], bytes | None, int]]) -> None:
    """Each rule of the contract, one step over it and one before: the same rows, the same reasons."""
    records, keys, times = zip(*rows, strict=True) if rows else ((), (), ())
    values = [ENCODE(record) for record in records]
    agree(RawBatch(Topic.DECLARATION_STATUS, 0, range(len(rows)), times, keys, values))


@settings(max_examples=100, deadline=None)
@given(damaged())
def test_damaged_batches_are_judged_alike(values: list[bytes | None]) -> None:
    """Bytes that are changed, cut, inserted or moved across borders cost the same records."""
    agree(status_batch(values))


@settings(max_examples=60, deadline=None)
@given(st.lists(framed(), max_size=12))
def test_batches_of_several_writers_are_judged_alike(values: list[bytes | None]) -> None:
    """Older, newer, nested, unknown and broken records side by side."""
    agree(status_batch(values), writers)


def test_good_records_of_later_writers_are_read_alike() -> None:
    """A later schema with other fields, another order and a new symbol, its records good: all accepted, as numbers."""
    values = [writers.good(number, later=number % 3 != 0, nested=number % 5 == 0) for number in range(50)]
    batch = status_batch(values)
    assert len(as_numbers(batch, writers)[0]) == 50
    agree(batch, writers)


def test_single_changed_bytes_never_make_a_difference() -> None:
    """A seeded sweep over every byte of a record, and every cut; the broken one ends where the batch does."""
    dice = random.Random(7)
    whole = [ENCODE(status(f"e{n}", "CLEARED", WRITTEN_AT, team="01", official="x" * 64).to_avro()) for n in range(3)]
    for place in range(len(whole[2])):
        agree(status_batch([*whole[:2], whole[2][:place]]))
        broken = bytearray(whole[2])
        broken[place] = dice.randrange(256)
        agree(status_batch([*whole[:2], bytes(broken)]))


def test_no_registry_is_asked_for_what_cannot_be_an_id() -> None:
    """Four bytes can hold larger numbers than an id: such a value is not framed, and costs only itself."""

    def strict(schema_id: int, subject: str) -> Any | None:
        if schema_id > MAX_SCHEMA_ID:
            raise SystemFault("the registry refuses the question")
        return pinned_only(schema_id, subject)

    good = ENCODE(status("e1", "CLEARED", WRITTEN_AT).to_avro())
    batch = status_batch([good, b"\x00\xff\xff\xff\xff" + good[5:], b"\x00\x80\x00\x00\x65" + good[5:]])
    found = CodedStatusReader(strict).read_statuses(batch, {})
    assert found.index.tolist() == [0]
    assert [reject.reason for reject in found.rejects] == [Reason.NOT_FRAMED] * 2


@pytest.mark.parametrize(
    ("base", "delta", "accepted"), [(-(1 << 63) + WRITTEN_AT, -(1 << 63), 1), ((1 << 63) - 1, 5, 0), (WRITTEN_AT, 0, 1)]
)
def test_timestamps_add_up_as_in_kafka(base: int, delta: int, accepted: int) -> None:
    """A timestamp is a sum of two 64-bit numbers, and wraps around: no batch makes a worker fail by it."""
    good = ENCODE(status("e1", "CLEARED", WRITTEN_AT).to_avro())
    body = b"\x00" + zigzag(delta) + b"\x00" + zigzag(11) + b"10300000001" + zigzag(len(good)) + good + b"\x00"
    run = RecordRun(0, base, None, 1, zigzag(len(body)) + body)
    found = CodedStatusReader().read_statuses(PackedBatch(Topic.DECLARATION_STATUS, 0, 0, 1, [run]), {})
    assert (len(found), len(found.rejects)) == (accepted, 1 - accepted)


def test_good_records_are_read_as_kafka_stores_them() -> None:
    """Records in several batches are never unpacked: else the worker would be slow, and nobody see it."""
    values = [ENCODE(status(f"e{n}", "CLEARED", WRITTEN_AT, official="x" * (1 + n % 64)).to_avro()) for n in range(200)]
    stored = packed(status_batch(values))
    assert len(CodedStatusReader().read_statuses(stored, {})) == 200
    assert not stored._unpacked


def test_a_value_that_is_too_large_is_refused() -> None:
    """Size is looked at before content."""
    good = ENCODE(status("e1", "CLEARED", WRITTEN_AT).to_avro())
    found = CodedStatusReader().read_statuses(status_batch([good + bytes(MAX_RECORD_BYTES), good]), {})
    assert [(reject.index, reject.reason) for reject in found.rejects] == [(0, Reason.TOO_LARGE)]
    assert found.index.tolist() == [1]


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_damaged_log_is_told_from_damaged_records(cut: int) -> None:
    """Bytes that are no records of Kafka stop the stage: nothing after them can be trusted."""
    good = ENCODE(status("e1", "CLEARED", WRITTEN_AT).to_avro())
    (run,) = packed(status_batch([good] * 3)).runs
    torn = RecordRun(run.base_offset, run.base_timestamp, run.append_time, run.count, run.data[:-cut])
    with pytest.raises(SystemFault):
        CodedStatusReader().read_statuses(PackedBatch(Topic.DECLARATION_STATUS, 0, 0, 3, [torn]), {})


def test_unwanted_texts_that_were_judged_are_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names without end of officials cost judging, not memory."""
    monkeypatch.setattr("schemas.vectorized.status_reader._MOST_CHECKED", 10)
    reader = CodedStatusReader()
    for first in range(0, 100, 20):
        events = [status(f"e{n}", "CLEARED", WRITTEN_AT, official=f"o{n}") for n in range(first, first + 20)]
        values: Sequence[bytes] = [ENCODE(event.to_avro()) for event in events]
        assert len(reader.read_statuses(status_batch(values), {})) == 20
        assert len(reader._checked["official"]) <= 40


def test_a_writer_without_a_required_field_is_read_one_by_one() -> None:
    """A plan knows no defaults but null."""
    reader = parsed(101)
    writer = {**reader, "fields": [field for field in reader["fields"] if field["name"] != "office"]}
    assert field_plan(writer, reader, ("event_id", "office", "status")) is None


def test_checksums_are_those_of_zlib() -> None:
    """Of any length."""
    dice = random.Random(3)
    for length in (*range(40), 1000):
        body = dice.randbytes(length)
        assert crc32(np.frombuffer(body, np.uint8), 0, length) == zlib.crc32(body)
