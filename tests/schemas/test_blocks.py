from __future__ import annotations

import copy
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st
from support.events import WRITTEN_AT

from schemas.batch import RawBatch
from schemas.blocks import block_reader
from schemas.catalogue import parsed, physical, schema_json
from schemas.codec import decoder, pinned_only
from schemas.columns import ColumnDecoder
from schemas.compatibility import check
from schemas.errors import PoisonRecord, Reason
from schemas.topics import Topic
from schemas.wire import HEADER_BYTES, frame_header

SUBJECT = "declaration-status"
OLD, NEW, NESTED, UNKNOWN = 101, 900, 901, 902


def changed() -> tuple[Any, Any]:
    """A later version that is flat, and one that holds a list."""
    flat: Any = copy.deepcopy(dict(schema_json(OLD)))
    flat["fields"][2]["type"]["symbols"].insert(3, "AUTO_CLEARED")
    flat["fields"].insert(1, {"name": "lane", "type": ["null", "string"], "default": None})
    flat["fields"].insert(0, {"name": "weight", "type": "long", "default": 0})
    flat["fields"] = [field for field in flat["fields"] if field["name"] != "step"]
    flat["fields"].append(flat["fields"].pop(4))
    nested = copy.deepcopy(flat)
    nested["fields"].append({"name": "goods", "type": {"type": "array", "items": "string"}, "default": []})
    return flat, nested


FLAT, LISTED = changed()
WRITERS = {NEW: parse_schema(physical(FLAT)), NESTED: parse_schema(physical(LISTED)), OLD: parsed(OLD)}


def writers(schema_id: int, subject: str) -> Any | None:
    """The two later versions and the pinned one."""
    return WRITERS[schema_id] if schema_id in WRITERS and subject == SUBJECT else pinned_only(schema_id, subject)


COLUMNS, DECODE = ColumnDecoder(SUBJECT, writers), decoder(SUBJECT, writers)
NAMES = [field["name"] for field in parsed(OLD)["fields"]]
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=70)
longs = st.integers(-(1 << 63), (1 << 63) - 1)


def fields_of(schema: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Records of one of the writers."""
    kinds: dict[str, st.SearchStrategy[Any]] = {}
    for field in schema["fields"]:
        match field["type"]:
            case "long":
                kinds[field["name"]] = longs
            case {"type": "enum", "symbols": symbols}:
                kinds[field["name"]] = st.sampled_from(symbols)
            case {"type": "array"}:
                kinds[field["name"]] = st.lists(words, max_size=3)
            case list():
                kinds[field["name"]] = st.none() | words
            case _:
                kinds[field["name"]] = words
    return st.fixed_dictionaries(kinds)


@st.composite
def framed(draw: st.DrawFn) -> bytes | None:
    """A record of any of the writers, sometimes damaged, of an unknown id, or nothing."""
    number = draw(st.sampled_from([OLD, NEW, NEW, NESTED]))
    out = io.BytesIO()
    out.write(frame_header(number))
    schemaless_writer(out, WRITERS[number], draw(fields_of(WRITERS[number])))
    value = bytearray(out.getvalue())
    match draw(st.integers(0, 11)):
        case 0:
            place = draw(st.integers(0, len(value) - 1))
            value[place : place + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
        case 1:
            value[:HEADER_BYTES] = frame_header(UNKNOWN)
        case 2:
            return None
    return bytes(value)


def one_by_one(values: Sequence[bytes | None]) -> tuple[list[tuple[int, dict[str, Any]]], list[tuple[int, Reason]]]:
    """What record-by-record decoding says, by Avro's own schema resolution."""
    accepted, rejects = [], []
    for index, value in enumerate(values):
        try:
            accepted.append((index, DECODE(value)))
        except PoisonRecord as poison:
            rejects.append((index, poison.reason))
    return accepted, rejects


@settings(max_examples=300, deadline=None)
@given(st.lists(framed(), max_size=12))
def test_a_batch_of_several_writers_decodes_as_record_by_record(values: list[bytes | None]) -> None:
    """Old, new and broken records side by side: the same rows, in the batch's order, and the same rejects."""
    size = len(values)
    batch = RawBatch(Topic.DECLARATION_STATUS, 0, range(size), [WRITTEN_AT] * size, [b""] * size, values)
    columns = COLUMNS.decode(batch)
    rows = [(row["index"], {name: row[name] for name in NAMES}) for row in columns.frame.iter_rows(named=True)]
    assert (rows, [(reject.index, reject.reason) for reject in columns.rejects]) == one_by_one(values)


def test_the_later_versions_are_compatible_and_only_the_flat_one_is_read_in_columns() -> None:
    """What the property above relies on, in both directions."""
    assert not check(schema_json(OLD), FLAT)
    assert not check(schema_json(OLD), LISTED)
    assert block_reader(WRITERS[NEW], parsed(OLD)) is not None
    assert block_reader(parsed(OLD), WRITERS[NEW]) is not None
    assert block_reader(WRITERS[NESTED], parsed(OLD)) is None


@pytest.mark.parametrize(("writer", "reader"), [(OLD, NEW), (NEW, OLD)])
def test_fields_and_symbols_that_one_side_lacks_take_their_defaults(writer: int, reader: int) -> None:
    """An older reader sees the default of the enum, a newer one the defaults of its fields."""
    block = block_reader(WRITERS[writer], WRITERS[reader])
    given_values: dict[str, Any] = dict.fromkeys(NAMES, "x") | {"occurred_at": 1, "lane": "L", "weight": 7}
    given_values["status"] = "AUTO_CLEARED" if writer == NEW else "CLEARED"
    known = {field["name"] for field in WRITERS[writer]["fields"]}
    out = io.BytesIO()
    schemaless_writer(out, WRITERS[writer], {name: value for name, value in given_values.items() if name in known})
    assert block is not None
    value = b"frame" + out.getvalue()
    assert block.read_values([value], np.array([len(value)]), b"other") is None
    frame = block.read_values([value], np.array([len(value)]), b"frame")
    assert frame is not None
    (row,) = frame.to_dicts()
    assert row["status"] == ("OTHER" if writer == NEW else "CLEARED")
    assert row.get("step", "absent") == (None if writer == NEW else "absent")
    assert (row.get("lane"), row.get("weight")) == ((None, None) if writer == NEW else (None, 0))
