"""Columns of statuses hold the records that fastavro and the rules of single events accept, and refuse the others."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import time
import zlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.column_values import records_of
from support.events import WRITTEN_AT, status
from support.newest_schema import newest_schema
from support.polling import DEADLINE_S
from support.record_batches import packed
from support.statuses import (
    AT,
    ENCODE,
    SUBJECT,
    damaged,
    framed,
    later_schemas,
    near_good,
    status_batch,
    writers,
    written,
)

from schemas.batches.batch import Batch, RawBatch
from schemas.catalogue import parsed
from schemas.codec.record import WriterSchemas, decoder, encoder, pinned_only
from schemas.codec.wire import HEADER_BYTES, MAX_RECORD_BYTES
from schemas.errors import Reason, Unavailable
from schemas.readers.record_reader import RecordReader
from schemas.records.events import DeclarationStatus
from schemas.topics import Topic
from schemas.validation import rules
from schemas.validation.rules import LATEST_MS
from schemas.vectorized.status_columns import StatusColumnReader

KEY = b"10300000001"
NEWEST = 990
READER = StatusColumnReader()


def one_by_one(batch: Batch, schemas: WriterSchemas) -> tuple[list[tuple[Any, ...]], list[Any]]:
    """Accepted records and rejects of the reader of single records."""
    read = RecordReader(Topic.DECLARATION_STATUS, DeclarationStatus, schemas).read(batch)
    rows = [
        (index, batch.timestamps[index], zlib.crc32((batch.values[index] or b"")[HEADER_BYTES:]), record.to_avro())
        for index, record in read.accepted
    ]
    return rows, list(read.rejects)


def in_columns(batch: Batch, reader: StatusColumnReader) -> tuple[list[tuple[Any, ...]], list[Any]]:
    """The same of the column reader."""
    found = reader.read_columns(batch)
    numbers = (found.index.tolist(), found.timestamps.tolist(), found.checksums.tolist())
    return list(zip(*numbers, records_of(found), strict=True)), list(found.rejects)


def agree(batch: RawBatch, schemas: WriterSchemas = pinned_only) -> None:
    """Assert that both readers give the same, of the batch and of the batch as Kafka stores it."""
    expected = one_by_one(batch, schemas)
    reader = READER if schemas is pinned_only else StatusColumnReader(schemas)
    assert in_columns(batch, reader) == expected
    if len(batch) and min(batch.timestamps) >= 0 and max(batch.timestamps) < LATEST_MS:
        assert in_columns(packed(batch, 3), reader) == expected


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(near_good, st.sampled_from([KEY, KEY, b"", None, b"103", b"\xff"]), written), max_size=10))
def test_columns_and_single_events_follow_the_same_rules(rows: list[tuple[dict[str, Any], bytes | None, int]]) -> None:
    """Both accept the same events, and refuse an event for the same first problem."""
    records, keys, times = zip(*rows, strict=True) if rows else ((), (), ())
    agree(RawBatch(Topic.DECLARATION_STATUS, 0, range(len(rows)), times, keys, [ENCODE(one) for one in records]))


@settings(max_examples=200, deadline=None)
@given(damaged())
def test_damaged_batches_decode_as_record_by_record(values: list[bytes | None]) -> None:
    """A broken record costs only itself: the same rows and rejects as decoding each record alone."""
    agree(status_batch(values))


@settings(max_examples=120, deadline=None)
@given(st.lists(framed(), max_size=12))
def test_a_batch_of_several_writers_decodes_as_record_by_record(values: list[bytes | None]) -> None:
    """Old, new, nested and broken records side by side: the same rows, in the batch's order, and the same rejects."""
    agree(status_batch(values), writers)


def test_good_records_of_later_writers_are_read_alike() -> None:
    """Records of a later schema with other fields, another order and a new symbol are all accepted."""
    values = [writers.good(number, later=number % 3 != 0, nested=number % 5 == 0) for number in range(50)]
    batch = status_batch(values)
    assert len(in_columns(batch, StatusColumnReader(writers))[0]) == 50
    agree(batch, writers)


def test_thousands_of_random_bytes_never_disagree() -> None:
    """A seeded sweep with single changed bytes, denser than the property test."""
    dice = random.Random(7)
    whole = [ENCODE(status(f"e{n}", "CLEARED", AT, team="01", official="x" * 64).to_avro()) for n in range(3)]
    for _ in range(1500):
        values: list[bytes | None] = list(whole)
        broken = bytearray(whole[1])
        broken[dice.randrange(HEADER_BYTES, len(broken))] = dice.randrange(256)
        values[1] = bytes(broken)
        agree(status_batch(values))


def test_each_kind_of_broken_value_has_its_reason() -> None:
    """Empty, JSON, unknown id, too large, cut, extended, an unknown symbol: each costs itself with its reason."""
    good = ENCODE(status("e1", "REGISTERED", AT).to_avro())
    symbol = good.index(b"103000000010") + 12
    broken: dict[bytes | None, Reason] = {
        None: Reason.EMPTY,
        b"": Reason.EMPTY,
        b'{"event_id": "e1"}': Reason.NOT_FRAMED,
        b"\x00\x00\x00\x27\x0f" + good[5:]: Reason.UNKNOWN_SCHEMA,
        b"\x00\x00\x00\x00\x66" + good[5:]: Reason.UNKNOWN_SCHEMA,  # the id of another subject
        good + bytes(MAX_RECORD_BYTES): Reason.TOO_LARGE,
        good[:-3]: Reason.CORRUPT,
        good + b"\x00": Reason.CORRUPT,
        good[:symbol] + b"\x7e" + good[symbol + 1 :]: Reason.CORRUPT,
        good[:symbol] + b"\x01" + good[symbol + 1 :]: Reason.CORRUPT,
    }
    found = READER.read_columns(status_batch([*broken, good]))
    assert [reject.reason for reject in found.rejects] == list(broken.values())
    assert [record["event_id"] for record in records_of(found)] == ["e1"]


def test_a_number_of_a_megabyte_costs_no_time() -> None:
    """A number that goes on for as long as the record may is corrupt, and known to be in well under a second."""
    good = ENCODE(status("e1", "REGISTERED", AT, official="x").to_avro())
    start = good.index(b"103000000010") + 13
    end = good.index(b"\x0803CC")
    endless = good[:start] + b"\x81" * 999_000 + b"\x02" + good[end:]
    began = time.thread_time()
    found = READER.read_columns(status_batch([good, endless, good]))
    assert time.thread_time() - began < 3
    assert [(reject.index, reject.reason) for reject in found.rejects] == [(1, Reason.CORRUPT)]


@given(st.lists(st.integers(0, 255), min_size=10, max_size=12), st.booleans())
def test_numbers_of_ten_bytes_and_more_are_read_alike(number: list[int], whole: bool) -> None:
    """Where 64 bits end, both paths still agree."""
    good = ENCODE(status("e1", "REGISTERED", AT).to_avro())
    start, end = good.index(b"103000000010") + 13, good.index(b"\x0803CC")
    encoded = bytes(byte | 0x80 for byte in number[:-1]) + bytes([number[-1] & (0x01 if whole else 0x7F)])
    agree(status_batch([good, good[:start] + encoded + good[end:]]))


def test_lengths_of_exabytes_neither_crash_nor_take_memory() -> None:
    """Negative and huge lengths of texts, in both paths, within 1 GiB of address space more than at the start."""
    program = """
        import resource
        from schemas.batches.batch import RawBatch
        from schemas.codec.record import encoder
        from schemas.topics import Topic
        from schemas.vectorized.status_columns import StatusColumnReader
        reader = StatusColumnReader()
        good = encoder("declaration-status")(dict(event_id="e1", declaration_no="103000000010", status="CLEARED",
            occurred_at=1585702800000, office="03CC", team="01", step=None, official=None, channel=None, kind=None,
            tax_code=None, source_message=None))
        batch = lambda *v: RawBatch(Topic.DECLARATION_STATUS, 0, range(len(v)), [1585702800000] * len(v),
            [b"10300000001"] * len(v), v)
        assert len(reader.read_columns(batch(good, b"", good))) == 2
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), resource.RLIM_INFINITY))
        def varint(n):
            n = (n << 1) ^ (n >> 63)
            n &= (1 << 64) - 1
            out = b""
            while n > 127:
                out, n = out + bytes([n & 127 | 128]), n >> 7
            return out + bytes([n])
        for size in (-1, -2, -(1 << 31), -(1 << 63), 1 << 31, 1 << 33, 1 << 40, 1 << 62, (1 << 63) - 1, 5000):
            for bad in (good[:5] + varint(size) + good[6:], good[:-8] + varint(size), good[:5] + b"\\xff" * 30):
                found = reader.read_columns(batch(good, bad, good))
                assert len(found) == 2, (size, found)
                assert [r.index for r in found.rejects] == [1]
        print("survived")
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert ran.stdout == "survived\n", ran.stderr[-2000:]


def test_a_timestamp_at_the_end_of_numbers_spoils_no_good_event() -> None:
    """The time of a record is its writer's, any number: no sum wraps around, and no unknown year comes in."""
    occurred = [AT, LATEST_MS - 1, LATEST_MS]
    values = [ENCODE(status("e1", "REGISTERED", at).to_avro()) for at in occurred]
    found = READER.read_columns(RawBatch(Topic.DECLARATION_STATUS, 0, range(3), [(1 << 63) - 1] * 3, [KEY] * 3, values))
    assert [record["occurred_at"] for record in records_of(found)] == occurred[:2]
    assert [(reject.index, reject.reason) for reject in found.rejects] == [(2, Reason.BAD_TIME)]


def test_good_records_are_read_as_kafka_stores_them() -> None:
    """Records in several batches are never unpacked one by one."""
    values = [ENCODE(status(f"e{n}", "CLEARED", WRITTEN_AT, official="x" * (1 + n % 64)).to_avro()) for n in range(200)]
    stored = packed(status_batch(values))
    assert len(READER.read_columns(stored)) == 200
    assert not stored._unpacked


def test_a_registry_that_is_away_is_not_the_records_fault() -> None:
    """The reader stops with `Unavailable` and rejects nothing."""

    def away(schema_id: int, subject: str) -> Any:
        raise Unavailable(f"the registry does not answer for {schema_id} of {subject}")

    with pytest.raises(Unavailable):
        StatusColumnReader(away).read_columns(status_batch([writers.good(1, later=True, nested=False)]))


def test_texts_without_end_are_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """More different officials than are remembered cost time, not memory, and stay correct."""
    monkeypatch.setattr("schemas.vectorized.status_columns._MAX_CODES", 10)
    reader = StatusColumnReader()
    for first in range(0, 100, 20):
        events = [status(f"e{n}", "CLEARED", WRITTEN_AT, official=f"o{n}") for n in range(first, first + 20)]
        values: Sequence[bytes] = [ENCODE(event.to_avro()) for event in events]
        found = reader.read_columns(status_batch(values))
        assert [record["official"] for record in records_of(found)] == [f"o{n}" for n in range(first, first + 20)]
        assert len(reader._dictionaries["official"]) <= 20


@settings(max_examples=25, deadline=None)
@given(
    later_schemas(),
    st.lists(st.booleans(), min_size=1, max_size=6),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6) | st.just("y" * 300),
    st.integers(-(1 << 63), (1 << 63) - 1),
)
def test_every_field_of_the_newest_schema_becomes_a_column(
    later: Any, by_newest: Sequence[bool], ruled: bool, text: str, long: int
) -> None:
    """Optional fields that a later schema adds are columns without a change in the reader, also of older records."""
    added = [field for field in later["fields"] if field["name"].startswith("new_")]
    texts = {field["name"]: rules.IDENTITY for field in added if isinstance(field["type"], list) and ruled}
    with newest_schema(SUBJECT, NEWEST, later, texts):
        new = {"new_text": "X" if ruled else text, "new_number": long, "new_small": 5, "new_symbol": "X"}
        new = {field["name"]: new[field["name"]] for field in added}
        encode, values = encoder(SUBJECT), []
        for number, newest in enumerate(by_newest):
            record = status(f"e{number}", "CLEARED", AT, official="o1").to_avro()
            values.append(encode(record | new) if newest else ENCODE(record))

        def known(schema_id: int, subject: str) -> Any:
            return parsed(schema_id) if subject == SUBJECT else None

        found = StatusColumnReader(known).read_columns(status_batch(values))
        assert list(found.fields) == [field["name"] for field in later["fields"]]
        assert records_of(found) == [decoder(SUBJECT, known)(value) for value in values]
