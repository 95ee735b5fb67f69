"""What damage to an Avro file costs, and files that other libraries wrote."""

from __future__ import annotations

import contextlib
import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cramjam
import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.events import status

from producers.files import avro_codecs
from producers.files.avro_codecs import MAX_BLOCK_BYTES, UNPACKERS
from producers.files.avro_container import MAX_RECORD_BYTES
from schemas.catalogue import latest, schema_json
from schemas.codec.varint import zigzag

FOREIGN = Path(__file__).parent / "foreign"
AT = 1_588_555_800_000
SYNC = b"0123456789abcdef"
STATUSES = [status(f"e{n}", "REGISTERED", AT, team="01").to_avro() for n in range(500)]
SCHEMA = fastavro.parse_schema(dict(schema_json(latest("declaration-status").schema_id)))


def container(records: list[Any], **options: Any) -> bytes:
    """An Avro container file with several blocks."""
    out = io.BytesIO()
    fastavro.writer(out, SCHEMA, records, sync_marker=SYNC, sync_interval=2000, **options)
    return out.getvalue()


def blocks(content: bytes) -> list[bytes]:
    """The header of a file, and its blocks, each with its marker."""
    return [part + SYNC for part in content.split(SYNC)[:-1]]


def raw_block(count: int, packed: bytes) -> bytes:
    """A block as it is written."""
    return zigzag(count) + zigzag(len(packed)) + packed + SYNC


@pytest.mark.parametrize("name", ["apache-snappy", "apache-zstandard", "apache-bzip2", "fast-xz"])
def test_files_of_other_libraries_are_read(outbox: Any, name: str) -> None:
    """Apache's own Python library and fastavro wrote these 300 statuses, with a schema and a time unit of their own."""
    report = outbox.publish(FOREIGN / f"{name}.avro")
    assert (report.sent, report.clean) == (300, True)
    assert [record["event_id"] for record in outbox.records] == [f"av-{n}" for n in range(300)]
    assert [record["occurred_at"] for record in outbox.records] == [AT + n * 60_000 for n in range(300)]
    assert {record["channel"] for record in outbox.records[::3]} == {None}


@pytest.mark.parametrize("codec", ["uncompressed", "snappy", "deflate"])
def test_a_table_that_polars_wrote_is_read(outbox: Any, codec: str) -> None:
    """Polars writes a table as one block, however large it is, and a schema without a name."""
    report = outbox.publish(FOREIGN / f"polars-{codec}.avro")
    assert (report.sent, report.clean) == (300, True)
    assert [record["event_id"] for record in outbox.records] == [f"p-{n}" for n in range(300)]


def test_what_is_damaged_inside_a_block_costs_the_rest_of_the_block(outbox: Any) -> None:
    """Records before it and other blocks are sent, with the right numbers; each lost record is counted."""
    report = outbox.publish(outbox.file("a.avro", container(STATUSES).replace(b"e100", b"\xff\xff\xff\xff", 1)))
    assert (report.read, report.sent + report.rejected) == (500, 500)
    assert 0 < report.rejected < 60
    assert outbox.records[-1]["event_id"] == "e499"
    (rejection,) = outbox.rejections
    assert rejection.line == 101
    assert f"the rest of its block ({report.rejected} records)" in rejection.rule


@pytest.mark.parametrize("codec", ["deflate", "snappy", "zstandard"])
def test_a_block_that_cannot_be_unpacked_costs_only_itself(outbox: Any, codec: str) -> None:
    """The message says which block, how many records it held, and how many came before it."""
    content = (
        (FOREIGN / f"apache-{codec}.avro").read_bytes() if codec != "deflate" else container(STATUSES, codec=codec)
    )
    marker = SYNC if codec == "deflate" else content[-16:]
    header, first, second, *rest = (part + marker for part in content.split(marker)[:-1])
    wrong = bytearray(second)
    for at in range(len(wrong) // 2, len(wrong) - 20):
        wrong[at] ^= 0x55
    report = outbox.publish(outbox.file("a.avro", header + first + bytes(wrong) + b"".join(rest)))
    (rejection,) = outbox.rejections
    lost, before = report.rejected, rejection.line - 1
    assert before > 0
    assert rejection.rule.startswith(f"block 2 of {lost} records is damaged")
    assert f"{before} records came before it" in rejection.rule
    assert report.sent == (500 if codec == "deflate" else 300) - lost
    assert outbox.records[-1]["event_id"] == ("e499" if codec == "deflate" else "av-299")


def test_a_block_that_is_no_block_is_passed_over(outbox: Any) -> None:
    """Reading goes on behind the next marker, and the exit is not clean."""
    header, first, second, *rest = blocks(container(STATUSES))
    report = outbox.publish(outbox.file("a.avro", header + first + second[9:] + b"".join(rest)))
    ids = {record["event_id"] for record in outbox.records}
    assert "e0" in ids
    assert "e499" in ids
    assert report.sent < 500
    assert (report.rejected, report.clean) == (1, False)
    assert "came before it, and reading goes on behind it" in outbox.rejections[0].rule


@pytest.mark.parametrize("cut", [1, 17, 500])
def test_a_cut_file_says_how_many_records_came_before(outbox: Any, cut: int) -> None:
    """The number of records that were read is in the message."""
    report = outbox.publish(outbox.file("a.avro", container(STATUSES)[:-cut]))
    assert 0 < report.sent < 500
    assert "the file is cut" in outbox.rejections[0].rule
    assert f"; {report.sent} records came before it" in outbox.rejections[0].rule


def test_joined_files_are_named(outbox: Any) -> None:
    """Two files behind each other, as `cat` makes them: the first is read, and the message says what to do."""
    report = outbox.publish(outbox.file("a.avro", container(STATUSES) * 2))
    assert report.sent == 500
    assert "publish joined files one by one" in outbox.rejections[0].rule


def _zlib(data: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(data) + packer.flush()


def _snappy(data: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(data)) + zlib.crc32(data).to_bytes(4)


PACKERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("deflate", _zlib),
    ("snappy", _snappy),
    ("zstandard", lambda data: bytes(cramjam.zstd.compress(data))),
    ("bzip2", lambda data: bytes(cramjam.bzip2.compress(data))),
    ("xz", lambda data: bytes(cramjam.xz.compress(data))),
]


@pytest.mark.parametrize(("codec", "pack"), PACKERS, ids=[codec for codec, _pack in PACKERS])
def test_a_block_that_unpacks_to_too_much_is_refused(outbox: Any, codec: str, pack: Callable[[bytes], bytes]) -> None:
    """A small block that unpacks to more than the limit costs only itself: the block behind it is read."""
    header, first, *_rest = blocks(container(STATUSES))
    count = int.from_bytes(first[:1]) // 2
    records = first[first.index(b"e0") - 1 : -16]
    bomb = raw_block(count, pack(bytes(MAX_BLOCK_BYTES + 1)))
    good = raw_block(count, pack(records))
    named = header.replace(b"\x08null", zigzag(len(codec)) + codec.encode(), 1)
    report = outbox.publish(outbox.file("a.avro", named + bomb + good))
    assert "unpacks to more than 64 MiB" in outbox.rejections[0].rule
    assert report.sent == count


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PACKERS), st.binary(max_size=5000))
def test_every_codec_gives_back_what_was_packed(packer: tuple[str, Callable[[bytes], bytes]], data: bytes) -> None:
    """An independent compressor and our unpackers agree, also about nothing at all."""
    codec, pack = packer
    assert UNPACKERS[codec](pack(data)) == data


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PACKERS), st.binary(max_size=300), st.integers(0, 299), st.integers(1, 255))
def test_damaged_blocks_raise_only_what_is_caught(
    packer: tuple[str, Callable[[bytes], bytes]], data: bytes, at: int, change: int
) -> None:
    """Whatever byte is changed: some data come out, or the error is one of those that cost only the block."""
    codec, pack = packer
    packed = bytearray(pack(data))
    packed[at % len(packed)] ^= change
    with contextlib.suppress(*avro_codecs.BAD_BLOCK):
        assert len(UNPACKERS[codec](bytes(packed))) <= MAX_BLOCK_BYTES


def test_a_giant_record_costs_itself_and_not_the_memory(outbox: Any) -> None:
    """A record larger than any event is never decoded, since one of a million tiny items would fill the memory."""
    giant = {**STATUSES[0], "event_id": "x" * MAX_RECORD_BYTES}
    report = outbox.publish(outbox.file("a.avro", container([STATUSES[0], giant, STATUSES[1]])))
    assert report.sent == 2
    assert "does not fit" in outbox.rejections[0].rule


def test_records_across_the_window_are_read_whole(outbox: Any) -> None:
    """A block much larger than the window through which records are decoded gives every record once, in order."""
    out = io.BytesIO()
    many = [{**STATUSES[0], "event_id": f"e{n}-{'x' * (n % 40)}"} for n in range(15_000)]
    fastavro.writer(out, SCHEMA, many, sync_interval=1 << 30)
    assert len(out.getvalue()) > 3 * MAX_RECORD_BYTES
    outbox.publish(outbox.file("a.avro", out.getvalue()))
    assert [record["event_id"] for record in outbox.records] == [record["event_id"] for record in many]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_to_a_compressed_file_never_escapes(outbox: Any, data: st.DataObject) -> None:
    """Whatever bytes of a file are changed, removed or repeated, each event is sent or rejected, and counted."""
    content = bytearray(
        (FOREIGN / f"{data.draw(st.sampled_from(['apache-snappy', 'apache-zstandard']))}.avro").read_bytes()
    )
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        content[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
    report = outbox.publish(outbox.file("a.avro", bytes(content)))
    assert report.read == report.sent + report.rejected


def test_an_unknown_field_is_refused_or_passed_over(outbox: Any) -> None:
    """Its name is in the message; with the option the others are sent, whatever type it has."""
    schema = json.loads(json.dumps(schema_json(latest("declaration-status").schema_id)))
    schema["fields"].append({"name": "weights", "type": {"type": "map", "values": "double"}})
    out = io.BytesIO()
    fastavro.writer(out, schema, [{**record, "weights": {"a": 1.5}} for record in STATUSES[:3]])
    path = outbox.file("a.avro", out.getvalue())
    outbox.publish(path)
    assert outbox.faults == [(1, "weights")]
    assert "--ignore-unknown" in outbox.rejections[0].rule
    report = outbox.publish(path, ignore_unknown=True)
    assert report.sent == 3
    assert report.files[0].ignored == {"weights"}
