from __future__ import annotations

import copy
import io
from dataclasses import fields
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st
from support.column_values import records_of
from support.events import WRITTEN_AT, item, rating, status

from schemas import ids, keys
from schemas.batches.batch import RawBatch
from schemas.catalogue import PINNED, latest, parsed, physical, schema_json
from schemas.codec.record import decoder, encoder, pinned_only
from schemas.codec.wire import MAX_RECORD_BYTES, frame_header, read_schema_id
from schemas.contacts.sealing import Contact, SealingKeys, seal
from schemas.dead_letters.letter import dead_letter
from schemas.errors import PoisonRecord, Reason, Unavailable
from schemas.readers.record_reader import RecordReader
from schemas.records.dead_letters import DeadLetter
from schemas.records.events import Rating
from schemas.topics import CO_PARTITIONED, Topic
from schemas.validation import rules
from schemas.validation.record import rating_problems
from schemas.validation.shape import quick_check, shape_problems
from schemas.vectorized.status_columns import StatusColumnReader

AT = WRITTEN_AT - 1000
KEY = b"10300000001"


def one(topic: Topic, value: bytes | None, key: bytes | None = KEY) -> RawBatch:
    """A batch of one record."""
    return RawBatch(topic, 0, [0], [WRITTEN_AT], [key], [value])


def reason_of(value: bytes | None, key: bytes | None = KEY) -> Reason | None:
    """Why the reader of ratings refuses a value; None when it does not."""
    read = RecordReader(Topic.RATING, Rating).read(one(Topic.RATING, value, key))
    return read.rejects[0].reason if read.rejects else None


GOOD = encoder("rating")(rating("s1", 1, AT, item(), item("TEAM", "01", 2)).to_avro())


def test_ids_and_topics_belong_together() -> None:
    """Ids are unique, and every topic has a schema and every schema a topic."""
    assert len({pinned.schema_id for pinned in PINNED}) == len(PINNED)
    assert {pinned.subject for pinned in PINNED} == {topic.subject for topic in Topic}
    assert all(Topic.of_subject(topic.subject) is topic for topic in Topic)
    with pytest.raises(KeyError):
        latest("no-such")


def test_joined_topics_agree() -> None:
    """Topics that are joined have the same key and the same number of partitions, by contract."""
    for group in CO_PARTITIONED:
        assert len({(topic.value.key, topic.value.partitions) for topic in group}) == 1


def test_an_amended_declaration_keeps_its_key() -> None:
    """The twelfth digit counts amendments and does not move the declaration to another partition."""
    assert keys.declaration_key("103000000010") == keys.declaration_key("103000000011") == KEY


def test_ids_never_change() -> None:
    """The deterministic ids are what they were when first published: a changed rule would double every row."""
    assert ids.dead_letter_id("cluster/topic", 1, 2) == "12eb48d0-3e78-5aa1-b3e6-c18459d942e4"
    assert ids.fact_id("1", "s", "TEAM", "03CC", "01") != ids.fact_id("1", "s", "TEAM", "03CC0", "1")


@given(st.integers(0, (1 << 31) - 1), st.binary(max_size=20))
def test_frames_round_trip(schema_id: int, body: bytes) -> None:
    """The id that was written is the id that is read."""
    assert read_schema_id(frame_header(schema_id) + body) == schema_id


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Reason.EMPTY),
        (b"", Reason.EMPTY),
        (b'{"score": 5}', Reason.NOT_FRAMED),
        (b"\x00\x00", Reason.NOT_FRAMED),
        (frame_header(9999) + GOOD[5:], Reason.UNKNOWN_SCHEMA),
        (frame_header(101) + GOOD[5:], Reason.UNKNOWN_SCHEMA),
        (b"\x00\xff\xff\xff\xff" + GOOD[5:], Reason.NOT_FRAMED),
        (GOOD + b"\x00", Reason.CORRUPT),
        (GOOD + bytes(10_000_000), Reason.TOO_LARGE),
        (GOOD[:5] + b"\xff" * 20, Reason.CORRUPT),
    ],
)
def test_hostile_ratings_are_refused_with_their_reason(value: bytes | None, reason: Reason) -> None:
    """Every kind of broken value costs itself."""
    assert reason_of(value) is reason


def test_no_prefix_of_a_rating_is_a_rating() -> None:
    """Wherever a value is cut, it is refused."""
    assert all(reason_of(GOOD[:size]) is not None for size in range(len(GOOD)))
    assert reason_of(GOOD) is None


def test_a_negative_index_is_no_symbol() -> None:
    """Index -1 of an enum or of a union, which Python would count from the end, is corrupt."""
    target = encoder("rating")(rating("s1", 1, AT, item("OFFICIAL", "x1")).to_avro())
    place = target.index(b"\x0803CC") - 1
    assert target[place] == 6
    assert reason_of(target) is None
    assert reason_of(target[:place] + b"\x01" + target[place + 1 :]) is Reason.CORRUPT


def test_arrays_in_blocks_with_sizes_are_read() -> None:
    """Writers of other languages put the size of a block before it; the record is the same."""
    start = GOOD.index(b"\x04\x00\x0803CC")
    end = len(GOOD) - 3  # the end of the array, no comment, no contact
    items = GOOD[start + 1 : end]
    sized = GOOD[:start] + b"\x03" + bytes([len(items) << 1 & 0x7F | 0x80 * (len(items) > 63)])
    sized += (bytes([len(items) >> 6]) if len(items) > 63 else b"") + items + GOOD[end:]
    assert decoder("rating")(sized) == decoder("rating")(GOOD)


numbers = st.integers(-(1 << 63), (1 << 63) - 1)
headers = st.sampled_from([b"", b"\x00", b"\x00\xff\xff\xff\xff", b"\x00\x7f\xff\xff\xff", frame_header(102), b"{"])


@given(headers, st.none() | st.binary(max_size=100), st.none() | st.binary(max_size=2000), numbers)
def test_every_refused_record_has_a_dead_letter(head: bytes, tail: bytes | None, key: bytes | None, at: int) -> None:
    """Whatever a record is, its dead letter can be written: else one record would stop everything for good."""
    value = None if tail is None else head + tail
    for topic in (Topic.RATING, Topic.DECLARATION_STATUS):
        batch = RawBatch(topic, 0, [1 << 40], [at], [key], [value])
        if topic is Topic.RATING:
            rejects = RecordReader(topic, Rating).read(batch).rejects
        else:
            rejects = StatusColumnReader().read_columns(batch).rejects
        assert len(rejects) == 1
        letter = dead_letter(batch, rejects[0], stage="join", topic_name="t", topic_identity="c/t")
        read = DeadLetter.from_avro(decoder("dead-letter")(encoder("dead-letter")(letter.to_avro())))
        assert read == letter
        assert read.value == (value or b"")
        assert read.key == (None if key is None else key[:1024])


def test_a_dead_letter_is_the_same_whoever_writes_it() -> None:
    """Its id depends on the log, the partition and the offset alone, and a large record is cut and its size kept."""
    value = bytes(3_000_000)
    batch = RawBatch(Topic.RATING, 2, [7], [AT], [KEY], [value])
    rejects = RecordReader(Topic.RATING, Rating).read(batch).rejects
    letters = [
        dead_letter(batch, rejects[0], stage=stage, topic_name="t", topic_identity=identity)
        for stage, identity in (("join", "c/1"), ("sink", "c/1"), ("join", "c/2"))
    ]
    ids = [letter.dead_letter_id for letter in letters]
    assert ids[0] == ids[1] != ids[2]
    assert (len(letters[0].value), letters[0].value_size) == (512 * 1024, 3_000_000)
    assert len(encoder("dead-letter")(letters[0].to_avro())) < MAX_RECORD_BYTES


@given(st.data())
def test_damaged_ratings_never_escape(data: st.DataObject) -> None:
    """Changed bytes give a good record or a reject, never an exception."""
    value = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(value)))
        value[start : start + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=8))
    read = RecordReader(Topic.RATING, Rating).read(one(Topic.RATING, bytes(value)))
    assert len(read.accepted) + len(read.rejects) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sheet_id": ""}, "sheet_id"),
        ({"revision": 0}, "revision"),
        ({"revision": 1001}, "revision"),
        ({"declaration_no": "10300000001X"}, "declaration_no"),
        ({"tax_code": "1"}, "tax_code"),
        ({"submitted_at": -1}, "submitted_at"),
        ({"submitted_at": 1 << 62}, "submitted_at"),
        ({"items": ()}, "items"),
        ({"items": (item(score=0),)}, "items[0].score"),
        ({"items": (item(score=6),)}, "items[0].score"),
        ({"items": (item(target_id="03CD"),)}, "items[0].target_id"),
        ({"items": (item("TEAM", "team"),)}, "items[0].target_id"),
        ({"items": (item(reason="because"),)}, "items[0].reason"),
        ({"items": (item(), item(score=1))}, "items[1].target"),
        ({"comment": "x" * 4001}, "comment"),
        ({"contact": b"Nguyen Van A"}, "contact"),
        ({"contact": b"HS\x01" + bytes(3000)}, "contact"),
    ],
)
def test_each_rule_of_ratings_names_its_field(change: dict[str, Any], field: str) -> None:
    """A sheet that breaks one rule is refused for that field."""
    good = rating("s1", 1, AT)
    record = Rating(**{**{f.name: getattr(good, f.name) for f in fields(good)}, **change}).to_avro()
    assert field in {problem.field for problem in rating_problems(record, WRITTEN_AT, KEY)}


def test_a_good_rating_has_no_problem_and_a_foreign_key_is_one() -> None:
    """A sealed contact passes; the key must be the declaration's."""
    sealed = seal(Contact("A", "1"), "s1", SealingKeys("k", {"k": bytes(32)}))
    record = rating("s1", 1, AT, item(), contact=sealed, comment="x" * 4000).to_avro()
    assert not rating_problems(record, WRITTEN_AT, KEY)
    assert reason_of(GOOD, b"20300000001") is Reason.KEY_MISMATCH
    assert reason_of(GOOD, None) is Reason.KEY_MISMATCH


def test_what_does_not_fit_is_not_encoded() -> None:
    """A wrong type, an unknown symbol and too large a record are refused before they are bytes."""
    encode = encoder("rating")
    for change in ({"revision": "1"}, {"phase": "LATER"}, {"submitted_at": 1 << 70}):
        with pytest.raises(PoisonRecord):
            encode({**rating("s1", 1, AT).to_avro(), **change})
    with pytest.raises(PoisonRecord) as error:
        encode({**rating("s1", 1, AT).to_avro(), "comment": "x" * MAX_RECORD_BYTES})
    assert error.value.reason is Reason.TOO_LARGE


def test_the_quick_check_never_lets_a_wrong_type_pass() -> None:
    """What the quick check accepts has no problem of type."""
    schema = parsed(latest("rating").schema_id)
    quick, good = quick_check(schema), rating("s1", 1, AT).to_avro()
    assert quick(good)
    for name in good:
        wrongs: tuple[Any, ...] = (5, True, "x", b"x", None, [], [5], {}, 1.5)
        for wrong in wrongs:
            record = {**good, name: wrong}
            types = [p for p in shape_problems(record, schema) if "one of" not in p.rule]
            assert not (quick(record) and types), (name, wrong)


def newer(*, optional: bool = False, symbol: bool = False) -> Any:
    """A later version of the status schema."""
    schema = copy.deepcopy(dict(schema_json(latest("declaration-status").schema_id)))
    if optional:
        schema["fields"].insert(3, {"name": "note", "type": ["null", "string"], "default": None})
    if symbol:
        schema["fields"][2]["type"]["symbols"].append("QUARANTINED")
    return parse_schema(physical(schema))


@pytest.mark.parametrize("in_columns", [False, True])
def test_todays_reader_understands_tomorrows_writer(in_columns: bool) -> None:
    """An added optional field is passed over and an added symbol becomes OTHER, in both paths."""
    schema = newer(optional=True, symbol=True)
    out = io.BytesIO()
    record = {**status("e2", "REGISTERED", AT).to_avro(), "status": "QUARANTINED", "note": "new"}
    schemaless_writer(out, schema, record)
    values = [encoder("declaration-status")(status("e1", "CLEARED", AT).to_avro()), frame_header(777) + out.getvalue()]

    def registry(schema_id: int, subject: str) -> Any:
        return schema if schema_id == 777 else pinned_only(schema_id, subject)

    if in_columns:
        batch = RawBatch(Topic.DECLARATION_STATUS, 0, [0, 1], [AT] * 2, [KEY] * 2, values)
        found = records_of(StatusColumnReader(registry).read_columns(batch))
        assert [record["status"] for record in found] == ["CLEARED", "OTHER"]
        assert all("note" not in record for record in found)
    else:
        decode = decoder("declaration-status", registry)
        assert [decode(value)["status"] for value in values] == ["CLEARED", "OTHER"]


def test_a_newer_reader_understands_yesterdays_writer() -> None:
    """A field that the writer did not know yet has its default, in both paths."""
    schema = copy.deepcopy(dict(schema_json(latest("declaration-status").schema_id)))
    schema["fields"] = [field for field in schema["fields"] if field["name"] != "source_message"]
    earlier = parse_schema(physical(schema))
    out = io.BytesIO()
    schemaless_writer(out, earlier, status("e1", "CLEARED", AT).to_avro())
    value = frame_header(55) + out.getvalue()

    def registry(schema_id: int, subject: str) -> Any:
        return earlier if schema_id == 55 else pinned_only(schema_id, subject)

    assert decoder("declaration-status", registry)(value)["source_message"] is None
    batch = RawBatch(Topic.DECLARATION_STATUS, 0, [0], [WRITTEN_AT], [KEY], [value])
    (record,) = records_of(StatusColumnReader(registry).read_columns(batch))
    assert (record["source_message"], record["status"]) == (None, "CLEARED")


def test_a_registry_that_is_away_is_not_the_records_fault() -> None:
    """The reader stops with `Unavailable` and rejects nothing."""

    def away(schema_id: int, subject: str) -> Any:
        raise Unavailable(f"the registry does not answer for {schema_id} of {subject}")

    with pytest.raises(Unavailable):
        RecordReader(Topic.RATING, Rating, away).read(one(Topic.RATING, GOOD))


def test_text_rules_mean_the_same_in_both_engines() -> None:
    """No pattern uses what Python's re and Rust's regex read differently."""
    for rule in [*rules.STATUS_TEXTS.values(), *rules.TARGET_IDS.values(), rules.CODE]:
        assert not set(rule.pattern) & set("\\^$.*")
        assert not rule.accepts("")
        assert not rule.accepts("A\n")
