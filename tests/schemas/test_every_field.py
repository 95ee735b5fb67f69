"""Every reader and writer agrees with the newest schema of its subject; the fields are taken from the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.column_values import records_of
from support.events import WRITTEN_AT
from support.record_batches import packed
from support.record_classes import class_named
from support.schema_values import schema_values

from schemas.batches.batch import RawBatch
from schemas.catalogue import latest, physical, schema_json
from schemas.codec.record import decoder, encoder, record_encoder
from schemas.contacts.envelope import Envelope
from schemas.keys import OutputRecord
from schemas.readers.record_reader import RecordReader
from schemas.records.base import Record
from schemas.records.events import Rating
from schemas.topics import Topic
from schemas.validation.rules import EARLIEST_MS
from schemas.vectorized.kernels.rows import ABSENT
from schemas.vectorized.kernels.texts import FIXED_SEED, Strings, hash_of
from schemas.vectorized.rating_reader import RatingReader
from schemas.vectorized.row_writer import RowWriter
from schemas.vectorized.status_columns import StatusColumnReader
from schemas.vectorized.status_reader import STATUSES, CodedStatusReader, status_dictionary

KEY = b"10300000001"
DECLARATION = KEY.decode() + "0"
TOPICS = [pytest.param(topic, id=topic.subject) for topic in Topic]

_optional = st.none().__or__
RULED: Mapping[str, Mapping[str, st.SearchStrategy[Any]]] = {
    "rating": {
        "sheet_id": st.sampled_from(["s1", "x" * 64]),
        "revision": st.integers(1, 1000),
        "declaration_no": st.just(DECLARATION),
        "tax_code": _optional(st.just("0200100100")),
        "submitted_at": st.integers(EARLIEST_MS, WRITTEN_AT),
        "comment": _optional(st.text(max_size=9)),
        "contact": _optional(st.just(Envelope("k1", bytes(80)).to_bytes())),
    },
    "item": {
        "target": st.just("TEAM"),
        "office": st.sampled_from(["03CC", "03EE"]),
        "target_id": st.sampled_from(["01", "A1"]),
        "score": st.integers(1, 5),
        "reason": _optional(st.just("SLOW")),
    },
    "declaration-status": {
        "event_id": st.sampled_from(["e1", "x" * 64]),
        "declaration_no": st.just(DECLARATION),
        "occurred_at": st.integers(EARLIEST_MS, WRITTEN_AT),
        "office": st.sampled_from(["03CC", "03EE"]),
        "team": _optional(st.just("01")),
        "step": _optional(st.just("TAX_PAYMENT")),
        "official": _optional(st.just("o1")),
        "channel": _optional(st.sampled_from(["GREEN", "RED"])),
        "kind": _optional(st.just("A11")),
        "tax_code": _optional(st.just("0200100100")),
        "source_message": _optional(st.just("IDA")),
    },
}
"""Good values of the fields that have rules; a field that is not here gets any value of its type."""


def newest(subject: str) -> Any:
    """The newest schema of a subject."""
    return physical(schema_json(latest(subject).schema_id))


def drawn(schema: Any, ruled: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Records with every field of a schema."""
    named: dict[str, Any] = {}
    fields = {
        field["name"]: ruled[field["name"]] if field["name"] in ruled else schema_values(field["type"], named)
        for field in schema["fields"]
    }
    return st.fixed_dictionaries(fields)


@cache
def good_records(subject: str) -> st.SearchStrategy[dict[str, Any]]:
    """Records that the rules accept, with values for every field of the newest schema."""
    ruled = dict(RULED.get(subject, {}))
    if subject == "rating":
        (items,) = (field["type"]["items"] for field in newest(subject)["fields"] if field["name"] == "items")
        ruled["items"] = st.lists(
            drawn(items, RULED["item"]),
            min_size=1,
            max_size=3,
            unique_by=lambda item: (item["office"], item["target_id"]),
        )
    return drawn(newest(subject), ruled)


def batch_of(topic: Topic, written: Sequence[Mapping[str, Any]]) -> RawBatch:
    """Records as fastavro writes them."""
    values, count = list(map(encoder(topic.subject), written)), len(written)
    return RawBatch(topic, 0, range(count), [WRITTEN_AT] * count, [KEY] * count, values)


def class_of(topic: Topic) -> type[Record]:
    """The record class of a topic, found by the name of its schema."""
    found: type[Record] = class_named(newest(topic.subject)["name"])
    return found


@pytest.mark.parametrize("topic", TOPICS)
def test_typed_records_are_written_and_read_back_whole(topic: Topic) -> None:
    """Any record that fastavro reads becomes a typed record, and its encoder writes the same fields again."""
    read, write, kind = decoder(topic.subject), record_encoder(topic.subject), class_of(topic)

    @settings(max_examples=40)
    @given(schema_values(newest(topic.subject)))
    def check(record: dict[str, Any]) -> None:
        assert read(encoder(topic.subject)(record)) == record
        assert read(write(kind.from_avro(record))) == record

    check()


@settings(max_examples=60)
@given(st.lists(good_records("rating"), min_size=1, max_size=5))
def test_the_join_reads_every_field_of_a_rating(written: list[dict[str, Any]]) -> None:
    """The compiled reader returns the sheets that were written, and never needs the fallback for them."""
    reader, stored = RatingReader(), packed(batch_of(Topic.RATING, written))
    found = reader.read_sheets(stored)
    assert [sheet.rating.to_avro() for sheet in found.accepted] == written
    one_by_one = RecordReader(Topic.RATING, Rating).read(stored)
    assert [record for _index, record in one_by_one.accepted] == [sheet.rating for sheet in found.accepted]


@settings(max_examples=60)
@given(st.lists(good_records("declaration-status"), min_size=1, max_size=5))
def test_every_field_of_a_status_is_read(written: list[dict[str, Any]]) -> None:
    """The reader of columns returns every field; the join's reader has a number for every field."""
    batch = batch_of(Topic.DECLARATION_STATUS, written)
    assert records_of(StatusColumnReader().read_columns(batch)) == written
    texts = [name for name in written[0] if name not in ("event_id", "declaration_no", "status", "occurred_at")]
    dictionaries = {name: status_dictionary(name) for name in texts}
    coded = CodedStatusReader().read_statuses(batch, dictionaries)
    found = {name: [dictionaries[name].texts[code] for code in coded.codes[name].tolist()] for name in texts}
    found |= {
        "status": [STATUSES[place] for place in coded.statuses.tolist()],
        "occurred_at": coded.occurred_at.tolist(),
    }
    assert found == {name: [record[name] for record in written] for name in found}
    raw = [np.frombuffer(record["event_id"].encode(), np.uint8) for record in written]
    assert coded.events.tolist() == [hash_of(one, 0, len(one), FIXED_SEED) for one in raw]
    assert coded.keys.tolist() == [int(KEY)] * len(written)


def _is_set(kind: Any) -> bool:
    """Whether the row writer takes a bit set for it."""
    return isinstance(kind, dict) and kind["type"] == "array" and isinstance(kind["items"], dict)


def _numbers(kind: Any, values: Sequence[Any], texts: list[str]) -> Any:
    """A column of the row writer; `texts` gets the texts."""
    if isinstance(kind, list):
        kind = next(branch for branch in kind if branch != "null")
    if _is_set(kind):
        values = [sum(1 << kind["items"]["symbols"].index(one) for one in value) for value in values]
    if isinstance(kind, dict) and kind["type"] == "enum":
        values = [value if value is None else kind["symbols"].index(value) for value in values]
    if kind == "string":
        first = len(texts)
        texts += [value or "" for value in values]
        values = [None if value is None else -1 - number for number, value in enumerate(values, first)]
    return np.array([ABSENT if value is None else value for value in values], np.int64)


@pytest.mark.parametrize(("subject", "lengths"), [("declaration-status", {}), ("rated-service", {"score_since": 5})])
def test_rows_are_written_whole(subject: str, lengths: Mapping[str, int]) -> None:
    """A decoder reads the records that the row writer was given, and a missing column is refused by name."""
    kinds = {field["name"]: field["type"] for field in newest(subject)["fields"]}
    longs = st.integers(int(ABSENT) + 1, (1 << 63) - 1)  # the lowest number stands for null
    ascii_texts = st.text(st.characters(max_codepoint=127), max_size=5)
    changed: dict[str, st.SearchStrategy[Any]] = {
        name: st.lists(longs, min_size=size, max_size=size) for name, size in lengths.items()
    }
    changed |= {name: longs for name, kind in kinds.items() if kind == "long"}
    changed |= {name: _optional(longs) for name, kind in kinds.items() if kind == ["null", "long"]}
    changed |= {name: ascii_texts for name, kind in kinds.items() if kind == "string"}
    changed |= {name: _optional(ascii_texts) for name, kind in kinds.items() if kind == ["null", "string"]}
    for name, kind in kinds.items():
        if _is_set(kind):
            symbols = kind["items"]["symbols"]
            changed[name] = st.sets(st.sampled_from(symbols)).map(partial(sorted, key=symbols.index))
    writer, read = RowWriter(subject, lengths), decoder(subject)

    @settings(max_examples=40)
    @given(st.lists(drawn(newest(subject), changed), min_size=1, max_size=4))
    def check(written: list[dict[str, Any]]) -> None:
        texts: list[str] = []
        columns = {name: _numbers(kind, [one[name] for one in written], texts) for name, kind in kinds.items()}
        values = writer.write_records(len(written), columns, Strings.of([]), Strings.of(texts))
        assert list(map(read, values)) == written

    check()
    with pytest.raises(ValueError, match="differ in: office"):
        writer.write_records(1, dict.fromkeys(kinds.keys() - {"office"}, 0), Strings.of([]), Strings.of([]))


def test_every_output_of_a_stage_is_among_these_records() -> None:
    """The classes that stages publish are those whose encoders are tested above."""
    assert {*get_args(OutputRecord)} <= {class_of(topic) for topic in Topic}
