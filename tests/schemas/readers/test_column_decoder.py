from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.events import status
from support.polling import DEADLINE_S
from support.statuses import AT, ENCODE, FIELDS, damaged, events, near_good, status_batch, written

from schemas.batches.batch import RawBatch
from schemas.codec.record import decoder
from schemas.codec.wire import HEADER_BYTES, MAX_RECORD_BYTES
from schemas.errors import PoisonRecord, Reason
from schemas.readers.column_decoder import ColumnDecoder
from schemas.readers.record_reader import StatusReader
from schemas.records import DeclarationStatus
from schemas.topics import Topic
from schemas.validation.record import status_problems
from schemas.validation.rules import LATEST_MS

DECODE = decoder("declaration-status")
COLUMNS = ColumnDecoder("declaration-status")
READER = StatusReader()


def one_by_one(values: Sequence[bytes | None]) -> tuple[list[tuple[int, dict[str, Any]]], list[tuple[int, Reason]]]:
    """What record-by-record decoding says."""
    accepted, rejects = [], []
    for index, value in enumerate(values):
        try:
            accepted.append((index, DECODE(value)))
        except PoisonRecord as poison:
            rejects.append((index, poison.reason))
    return accepted, rejects


def in_columns(values: Sequence[bytes | None]) -> tuple[list[tuple[int, dict[str, Any]]], list[tuple[int, Reason]]]:
    """What the column decoder says."""
    columns = COLUMNS.decode(status_batch(values))
    rows = [(row["index"], {name: row[name] for name in FIELDS}) for row in columns.frame.iter_rows(named=True)]
    return rows, [(reject.index, reject.reason) for reject in columns.rejects]


@given(st.lists(events, max_size=20))
def test_good_batches_decode_as_record_by_record(records: list[DeclarationStatus]) -> None:
    """The fast path gives exactly the rows of the slow one, for any content that fits the schema."""
    values = [ENCODE(record.to_avro()) for record in records]
    assert in_columns(values) == one_by_one(values)


@settings(max_examples=200, deadline=None)
@given(damaged())
def test_damaged_batches_decode_as_record_by_record(values: list[bytes | None]) -> None:
    """Whatever is broken costs only itself: the same rows and the same rejects as decoding each record alone."""
    assert in_columns(values) == one_by_one(values)


def test_thousands_of_random_bytes_never_disagree() -> None:
    """A seeded sweep with single changed bytes, denser than the property test."""
    dice = random.Random(7)
    whole = [ENCODE(status(f"e{n}", "CLEARED", AT, team="01", official="x" * 70).to_avro()) for n in range(3)]
    for _ in range(1500):
        values: list[bytes | None] = list(whole)
        broken = bytearray(whole[1])
        broken[dice.randrange(HEADER_BYTES, len(broken))] = dice.randrange(256)
        values[1] = bytes(broken)
        assert in_columns(values) == one_by_one(values)


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
    columns = COLUMNS.decode(status_batch([*broken, good]))
    assert [reject.reason for reject in columns.rejects] == list(broken.values())
    assert columns.frame["event_id"].to_list() == ["e1"]


def test_a_number_of_a_megabyte_costs_no_time() -> None:
    """A number that goes on for as long as the record may is corrupt, and known to be in well under a second."""
    good = ENCODE(status("e1", "REGISTERED", AT, official="x").to_avro())
    start = good.index(b"103000000010") + 13
    end = good.index(b"\x0803CC")
    endless = good[:start] + b"\x81" * 999_000 + b"\x02" + good[end:]
    began = time.thread_time()
    columns = COLUMNS.decode(status_batch([good, endless, good]))
    assert time.thread_time() - began < 3
    assert [(reject.index, reject.reason) for reject in columns.rejects] == [(1, Reason.CORRUPT)]


@given(st.lists(st.integers(0, 255), min_size=10, max_size=12), st.booleans())
def test_numbers_of_ten_bytes_and_more_are_read_alike(number: list[int], whole: bool) -> None:
    """Where 64 bits end, both paths still agree."""
    good = ENCODE(status("e1", "REGISTERED", AT).to_avro())
    start, end = good.index(b"103000000010") + 13, good.index(b"\x0803CC")
    encoded = bytes(byte | 0x80 for byte in number[:-1]) + bytes([number[-1] & (0x01 if whole else 0x7F)])
    values = [good, good[:start] + encoded + good[end:]]
    assert in_columns(values) == one_by_one(values)


def test_lengths_of_exabytes_neither_crash_nor_take_memory() -> None:
    """Negative and huge lengths of texts, in both paths, within 1 GiB of address space more than at the start."""
    program = """
        import resource
        from schemas.batches.batch import RawBatch
        from schemas.codec.record import encoder
        from schemas.readers.column_decoder import ColumnDecoder
        from schemas.topics import Topic
        decoder = ColumnDecoder("declaration-status")
        good = encoder("declaration-status")(dict(event_id="e1", declaration_no="1", status="CLEARED",
            occurred_at=1, office="o", team="t", step=None, official=None, channel=None, kind=None, tax_code=None,
            source_message=None))
        batch = lambda *v: RawBatch(Topic.DECLARATION_STATUS, 0, range(len(v)), [0] * len(v), [b"k"] * len(v), v)
        assert decoder.decode(batch(good)).frame.height == 1
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
                columns = decoder.decode(batch(good, bad, good))
                assert columns.frame.height == 2, (size, columns)
                assert [r.index for r in columns.rejects] == [1]
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


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(near_good, st.sampled_from([b"10300000001", b"", None, b"103", b"\xff"]), written), max_size=10)
)
def test_columns_and_single_events_follow_the_same_rules(rows: list[tuple[dict[str, Any], bytes | None, int]]) -> None:
    """The vectorised rules accept exactly what the rules of single events accept, and give the first problem."""
    records, keys, times = zip(*rows, strict=True) if rows else ((), (), ())
    values = [ENCODE(record) for record in records]
    batch = RawBatch(Topic.DECLARATION_STATUS, 0, range(len(rows)), times, keys, values)
    columns = READER.read(batch)
    problems = [status_problems(record, at, key) for record, key, at in rows]
    assert columns.frame["index"].to_list() == [index for index, found in enumerate(problems) if not found]
    expected = [(index, found[0].reason, str(found[0])) for index, found in enumerate(problems) if found]
    assert [(r.index, r.reason, r.detail) for r in columns.rejects] == expected


def test_a_timestamp_at_the_end_of_numbers_spoils_no_good_event() -> None:
    """The time of a record is its writer's, any number: no sum wraps around, and no unknown year comes in."""
    occurred = [AT, LATEST_MS - 1, LATEST_MS]
    values = [ENCODE(status("e1", "REGISTERED", at).to_avro()) for at in occurred]
    keys = [b"10300000001"] * 3
    columns = READER.read(RawBatch(Topic.DECLARATION_STATUS, 0, range(3), [(1 << 63) - 1] * 3, keys, values))
    assert columns.frame["occurred_at"].to_list() == occurred[:2]
    assert [(reject.index, reject.reason) for reject in columns.rejects] == [(2, Reason.BAD_TIME)]
