"""Sheets that a kernel reads are those of the reader that takes one record at a time, and so are the refusals."""

from __future__ import annotations

import copy
import io
import random
import zlib
from collections.abc import Sequence
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st
from support.events import WRITTEN_AT, item, rating, value_of
from support.record_batches import packed

from schemas.batches.batch import RawBatch
from schemas.catalogue import latest, parsed, physical, schema_json
from schemas.codec.record import WriterSchemas, encoder, pinned_only
from schemas.codec.wire import HEADER_BYTES, frame_header
from schemas.contacts.envelope import Envelope
from schemas.readers.record_reader import RecordReader
from schemas.records.events import Rating
from schemas.topics import Topic
from schemas.validation.rules import EARLIEST_MS, LATEST_MS, MAX_COMMENT, MAX_CONTACT, MAX_ITEMS
from schemas.vectorized.rating_reader import RatingReader

FIELDS = parsed(latest("rating").schema_id)["fields"]
DEFAULTS = {field["name"]: field["default"] for field in FIELDS if "default" in field}
DAY = 86_400_000
KEY = b"10300000001"
SEALED = Envelope("k1", bytes(80)).to_bytes()
OLD, NEW, FLAT_ITEMS = 102, 900, 901


def encoded(record: dict[str, Any]) -> bytes:
    """A record in the newest schema; fields that it does not name have their defaults."""
    return encoder("rating")(DEFAULTS | record)


scored = st.fixed_dictionaries(
    {
        "target": st.sampled_from(["OFFICE", "OFFICE", "TEAM", "STEP", "OFFICIAL"]),
        "office": st.sampled_from(["03CC", "03CC", "03EE", "03cc", ""]),
        "target_id": st.sampled_from(["03CC", "03CC", "03EE", "01", "TAX_PAYMENT", "o1", "x" * 65, "é"]),
        "score": st.sampled_from([1, 2, 3, 4, 5, 5, 5, 0, 6, -1, 1 << 30]),
        "reason": st.sampled_from([None, None, "SLOW", "slow"]),
    }
)
good_item = {"target": "OFFICE", "office": "03CC", "target_id": "03CC", "score": 5, "reason": None}
good_items = st.sampled_from(
    [
        [good_item],
        [good_item, {**good_item, "target": "TEAM", "target_id": "01", "score": 2, "reason": "SLOW"}],
        [good_item, good_item],
        [{**good_item, "target": "OFFICIAL", "target_id": f"o{n}"} for n in range(MAX_ITEMS)],
        [{**good_item, "target": "OFFICIAL", "target_id": f"o{n}"} for n in range(MAX_ITEMS + 1)],
        [],
    ]
)
near_good = st.fixed_dictionaries(
    {
        "sheet_id": st.sampled_from(["s1", "s1", "s2", "x" * 64, "x" * 65, "", "a b", "é"]),
        "revision": st.sampled_from([1, 1, 2, 1000, 1001, 0, -1]),
        "declaration_no": st.sampled_from(
            ["103000000010", "103000000010", "10300000001", "103000000020", "10300000001X"]
        ),
        "tax_code": st.sampled_from([None, "0200100100", "1"]),
        "submitted_at": st.sampled_from(
            [
                WRITTEN_AT,
                WRITTEN_AT,
                WRITTEN_AT + DAY,
                WRITTEN_AT + DAY + 1,
                EARLIEST_MS,
                EARLIEST_MS - 1,
                LATEST_MS,
                1 << 62,
            ]
        ),
        "phase": st.sampled_from(["DURING_CLEARANCE", "AFTER_CLEARANCE"]),
        "items": good_items | st.lists(scored, max_size=4),
        "comment": st.sampled_from([None, None, "", "chậm quá", "ậ" * MAX_COMMENT, "ậ" * (MAX_COMMENT + 1)]),
        "contact": st.sampled_from([None, None, SEALED, b"Nguyen", SEALED + bytes(MAX_CONTACT)]),
    }
)


def a_batch(values: Sequence[bytes | None], keys: Sequence[bytes | None] | None = None) -> RawBatch:
    """Values as they come from Kafka."""
    size = len(values)
    return RawBatch(Topic.RATING, 0, range(size), range(WRITTEN_AT, WRITTEN_AT + size), keys or [KEY] * size, values)


def agree(batch: RawBatch, reader: RatingReader | None = None, schemas: WriterSchemas = pinned_only) -> int:
    """Both readers say the same of a batch, and of the batch as Kafka stores it; how many sheets are good."""
    expected = RecordReader(Topic.RATING, Rating, schemas).read(batch)
    sheets = [
        (
            int(record.declaration_no[:11]),
            record,
            zlib.crc32((batch.values[index] or b"")[HEADER_BYTES:]),
            batch.timestamps[index],
        )
        for index, record in expected.accepted
    ]
    for one in (batch, packed(batch, 3)) if len(batch) else (batch,):
        found = (reader or RatingReader(schemas)).read_sheets(one)
        assert [tuple(sheet) for sheet in found.accepted] == sheets
        assert list(found.rejects) == list(expected.rejects)
    return len(sheets)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(near_good, st.sampled_from([KEY, KEY, KEY, b"10300000002", None])), max_size=8))
def test_sheets_that_are_nearly_good_are_judged_alike(rows: list[tuple[dict[str, Any], bytes | None]]) -> None:
    """Each rule of the contract, one step over it and one before: the same sheets, the same reasons."""
    agree(a_batch([encoded(record) for record, _key in rows], [key for _record, key in rows]))


def test_the_nearly_good_are_often_good() -> None:
    """What the property above relies on: a kernel that refused everything would pass it."""
    dice = random.Random(1)
    values = [
        value_of(
            rating(f"s{n}", 1 + n % 3, WRITTEN_AT - n, item(score=1 + n % 5), item("TEAM", "01", 2), comment="chậm"),
            Topic.RATING,
        )
        for n in range(100)
    ]
    dice.shuffle(values)
    stored = packed(a_batch(values))
    assert len(RatingReader().read_sheets(stored).accepted) == 100
    assert not stored._unpacked
    assert agree(a_batch(values)) == 100


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_damaged_sheets_are_judged_alike(data: st.DataObject) -> None:
    """Bytes that are changed, cut or inserted cost the same records."""
    values = [bytearray(encoded(record)) for record in data.draw(st.lists(near_good, min_size=1, max_size=5))]
    for _ in range(data.draw(st.integers(1, 3))):
        value = data.draw(st.sampled_from(values))
        start = data.draw(st.integers(0, len(value)))
        value[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=5))
    agree(a_batch([bytes(value) or None for value in values]))


def test_single_changed_bytes_never_make_a_difference() -> None:
    """A seeded sweep over every byte of a sheet, and every cut; the broken one ends where the bytes of the batch do."""
    dice = random.Random(7)
    whole = value_of(
        rating("s1", 1, WRITTEN_AT, item(), item("OFFICIAL", "o1", 2, reason="SLOW"), comment="chậm", contact=SEALED),
        Topic.RATING,
    )
    reader = RatingReader()
    for place in range(len(whole)):
        agree(a_batch([whole, whole[:place]]), reader)
        broken = bytearray(whole)
        broken[place] = dice.randrange(256)
        agree(a_batch([whole, bytes(broken)]), reader)


def _later() -> dict[int, Any]:
    """A later version with more fields, inside and outside of items, and one whose items hold a list."""
    later: Any = copy.deepcopy(dict(schema_json(OLD)))
    later["fields"].insert(1, {"name": "later_language", "type": ["null", "string"], "default": None})
    listed = next(field for field in later["fields"] if field["name"] == "items")["type"]["items"]
    listed["fields"].insert(2, {"name": "weight", "type": "long", "default": 1})
    listed["fields"].append(listed["fields"].pop(0))
    nested = copy.deepcopy(later)
    inside = next(field for field in nested["fields"] if field["name"] == "items")["type"]["items"]
    inside["fields"].append({"name": "tags", "type": {"type": "array", "items": "string"}, "default": []})
    return {OLD: parsed(OLD), NEW: parse_schema(physical(later)), FLAT_ITEMS: parse_schema(physical(nested))}


WRITERS = _later()


def writers(schema_id: int, subject: str) -> Any | None:
    """The versions above, as a registry that knows them."""
    return WRITERS.get(schema_id) if subject == "rating" else None


def test_sheets_of_several_writers_are_read_alike() -> None:
    """Old and later versions side by side, in one batch."""
    values = []
    for number in range(40):
        schema_id = (OLD, NEW, FLAT_ITEMS)[number % 3]
        record = rating(f"s{number}", 1, WRITTEN_AT, item(score=1 + number % 5), item("TEAM", "01", 3)).to_avro()
        record["later_language"] = "vi"
        record["items"] = [{**one, "weight": 7, "tags": ["a"]} for one in record["items"]]
        known = {field["name"] for field in WRITERS[schema_id]["fields"]}
        inside = next(field for field in WRITERS[schema_id]["fields"] if field["name"] == "items")["type"]["items"]
        names = {field["name"] for field in inside["fields"]}
        record["items"] = [{name: one[name] for name in names} for one in record["items"]]
        out = io.BytesIO()
        out.write(frame_header(schema_id))
        schemaless_writer(out, WRITERS[schema_id], {name: record[name] for name in known})
        values.append(out.getvalue())
    assert agree(a_batch(values), schemas=writers) == 40


def test_lists_in_blocks_are_read_one_by_one() -> None:
    """Avro lets a list be cut, and state its bytes: rare, and read all the same."""
    whole = value_of(rating("s1", 1, WRITTEN_AT, item(), item("TEAM", "01", 3)), Topic.RATING)
    one = value_of(rating("s1", 1, WRITTEN_AT, item()), Topic.RATING)
    begin = next(place for place in range(len(one)) if one[place] != whole[place])
    after = [field["name"] for field in FIELDS].index("items") - len(
        FIELDS
    )  # the end of the list, a null for each field
    first = one[begin + 1 : after]  # without the count before it
    second = whole[begin + 1 + len(first) : after]
    cut = whole[:begin] + b"\x02" + first + b"\x02" + second + whole[after:]
    sized = one[:begin] + b"\x01" + bytes([2 * len(first)]) + first + one[after:]
    assert agree(a_batch([cut, sized, whole])) == 3


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids without end of officials are forgotten again; sheets stay right."""
    monkeypatch.setattr("schemas.vectorized.rating_reader._MOST_REMEMBERED", 10)
    reader = RatingReader()
    for first in range(0, 200, 20):
        sheets = [rating(f"s{n}", 1, WRITTEN_AT, item("OFFICIAL", f"o{n}", 5)) for n in range(first, first + 20)]
        assert agree(a_batch([value_of(sheet, Topic.RATING) for sheet in sheets]), reader) == 20
        assert len(reader._known._items) <= 40
