from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.events import item, rating, status

from producers.files.avro_schema import problem_of
from producers.files.publish import publish_files
from schemas.catalogue import latest, parsed, schema_json
from schemas.topics import Topic

AT = 1_588_555_800_000
STATUSES = [status(f"e{n}", "REGISTERED", AT, team="01").to_avro() for n in range(500)]


def container(records: list[Any], subject: str = "declaration-status", **options: Any) -> bytes:
    """An Avro container file with the published schema, logical types included."""
    out = io.BytesIO()
    logical = fastavro.parse_schema(dict(schema_json(latest(subject).schema_id)))
    fastavro.writer(out, logical, records, sync_marker=b"0123456789abcdef", **options)
    return out.getvalue()


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "bzip2", "xz"])
def test_events_of_an_avro_file_are_sent_as_they_are(outbox: Any, codec: str) -> None:
    """Every codec, both kinds, with times as the logical type has them; also in gzip."""
    sheets = [rating("s1", 1, AT, item(), item("TEAM", "01", 3)).to_avro()]
    outbox.publish(
        outbox.file("a.avro", container(STATUSES, codec=codec)),
        outbox.file("b.avro.gz", gzip.compress(container(sheets, "rating", codec=codec))),
    )
    assert outbox.records == [*STATUSES, *sheets]
    assert not outbox.rejections


def test_a_bad_record_costs_only_itself(outbox: Any) -> None:
    """A record that breaks a rule is named by its number; the others are sent."""
    records = [STATUSES[0], {**STATUSES[1], "office": "x"}, STATUSES[2]]
    outbox.publish(outbox.file("a.avro", container(records)))
    assert outbox.faults == [(2, "office")]
    assert len(outbox.sent) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Obj\x01", "header cannot be read"),
        (b"Obj\x01" + b"\xff" * 40, "header cannot be read"),
        (container(STATUSES).replace(b'"string"', b'"strong"', 1), "header cannot be read"),
        (container([]).replace(b"\x08null", b"\x08lzma", 1), "has the codec lzma: write it with one of null, deflate"),
        (container([])[:-16] + b"x" * 16 + b"\x02\xfe\xff\xff\xff\x0f", "larger than 64 MiB: write smaller blocks"),
        (container([], "alert"), "has another schema, whose fields are alert_id"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(outbox: Any, content: bytes, words: str) -> None:
    """Nothing is sent and the reason is given; a block of gigabytes is never read."""
    report = outbox.publish(outbox.file("a.avro", content))
    assert words in outbox.rejections[0].rule
    assert not report.clean


def written_with(**types: Any) -> bytes:
    """A file of one status whose schema has other types for some fields, or more fields."""
    fields = [
        {"name": name, "type": types.pop(name, "string" if name != "occurred_at" else "long")}
        for name in ("event_id", "declaration_no", "status", "occurred_at", "office")
    ]
    fields += [{"name": name, "type": kind} for name, kind in types.items()]
    out = io.BytesIO()
    fastavro.writer(out, {"type": "record", "name": "R", "fields": fields}, [])
    return out.getvalue()


@pytest.mark.parametrize(
    "kind",
    [
        {"type": "array", "items": "null"},
        {"type": "array", "items": {"type": "record", "name": "E", "fields": [{"name": "a", "type": "null"}]}},
        {"type": "record", "name": "S", "fields": [{"name": "next", "type": ["null", "S"]}]},
        {"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}},
    ],
)
def test_a_schema_whose_values_need_no_bytes_is_refused(outbox: Any, kind: Any) -> None:
    """A list of a billion nulls fits into five bytes, and a type may hold itself a million times: neither is read."""
    outbox.publish(outbox.file("a.avro", written_with(more=kind)), ignore_unknown=True)
    assert outbox.rejections[0].field == "more"
    assert "has a type that is not read" in outbox.rejections[0].rule


def test_a_number_with_a_point_is_refused_once(outbox: Any) -> None:
    """A table with missing whole numbers often has doubles: the message names the field and what to write."""
    outbox.publish(outbox.file("a.avro", written_with(occurred_at=["null", "double"])))
    assert outbox.faults == [(1, "occurred_at")]
    assert "write whole numbers as int or long" in outbox.rejections[0].rule


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_ever_escapes(outbox: Any, data: st.DataObject) -> None:
    """Whatever bytes of a file are changed, removed or repeated, each event is sent or rejected, and counted."""
    content = bytearray(data.draw(st.sampled_from([_AVRO, _JSON, _CSV])))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        content[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
    report = outbox.publish(outbox.file("any", bytes(content)))
    assert report.read == report.sent + report.rejected


_AVRO = container(STATUSES[:20])
_JSON = "".join(json.dumps(record) + "\n" for record in STATUSES[:20]).encode()
_CSV = b"event_id,declaration_no,status,occurred_at,office\n" + b"".join(
    b"e%d,103000000010,REGISTERED,%d,03CC\n" % (n, AT) for n in range(20)
)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """A file forty times as large takes no more memory; measured with Python's own allocator."""
    import tracemalloc  # noqa: PLC0415 only here

    class Nowhere:
        def publish_encoded(self, topic: Topic, key: bytes, value: bytes, timestamp_ms: int | None = None) -> None:
            """Let it go."""

        def flush(self) -> None:
            """Nothing waits."""

    peaks = []
    for copies in (10, 400):
        path = tmp_path / f"{copies}.jsonl"
        path.write_bytes(_JSON * copies)
        tracemalloc.start()
        report = publish_files([path], Nowhere(), clock=lambda: AT)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert report.sent == 20 * copies
    assert peaks[1] < peaks[0] + 300_000


def test_the_published_schemas_are_all_read() -> None:
    """The check for schemas whose values need no bytes accepts our own schemas."""
    for subject in ("declaration-status", "rating", "complaint-action"):
        for field in parsed(latest(subject).schema_id)["fields"]:
            assert problem_of(field["type"], known=True) is None


def test_a_header_in_many_blocks_is_bounded_as_one(outbox: Any) -> None:
    """Entries are counted over all blocks of the header: else a small gzip file could fill the memory."""
    blocks = b"".join(b"\x02\x08" + f"{number:04}".encode() + b"\x00" for number in range(200))
    outbox.publish(outbox.file("a.avro", b"Obj\x01" + blocks + b"\x00" + b"0123456789abcdef"))
    assert "header cannot be read" in outbox.rejections[0].rule
