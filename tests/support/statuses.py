"""Batches of statuses that are good, nearly good, damaged, or written by somebody else's version of the schema."""

from __future__ import annotations

import copy
import io
from collections.abc import Sequence
from typing import Any

from fastavro import parse_schema, schemaless_writer
from hypothesis import strategies as st

from schemas.batches.batch import RawBatch
from schemas.catalogue import parsed, physical, schema_json
from schemas.codec.record import encoder, pinned_only
from schemas.codec.wire import HEADER_BYTES, frame_header
from schemas.records.events import DeclarationStatus, Status
from schemas.topics import Topic
from support.events import WRITTEN_AT, status

SUBJECT = "declaration-status"
OLD, NEW, NESTED, UNKNOWN = 101, 900, 901, 902
AT = WRITTEN_AT - 1000
DAY = 86_400_000
ENDS = [4_102_444_800_000 - 1, 4_102_444_800_000]
ENCODE = encoder(SUBJECT)
FIELDS = DeclarationStatus.__dataclass_fields__

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
events = st.builds(
    DeclarationStatus,
    event_id=texts,
    declaration_no=texts,
    status=st.sampled_from([name.value for name in Status]),
    occurred_at=st.integers(-(1 << 63), (1 << 63) - 1),
    office=texts,
    **{name: st.none() | texts for name in list(FIELDS)[5:]},
)
good_events = st.builds(
    status,
    st.sampled_from(["e1", "x" * 64]),
    st.sampled_from([name.value for name in Status]),
    st.just(AT),
    team=st.sampled_from([None, "01"]),
    official=st.sampled_from([None, "o1", "y" * 64]),
)


def status_batch(values: Sequence[bytes | None]) -> RawBatch:
    """Values as they come from Kafka."""
    size = len(values)
    return RawBatch(Topic.DECLARATION_STATUS, 0, range(size), [WRITTEN_AT] * size, [b"10300000001"] * size, values)


@st.composite
def damaged(draw: st.DrawFn) -> list[bytes | None]:
    """Batches in which bytes are changed, cut, inserted or moved across the borders of records."""
    records = draw(st.lists(events | good_events, min_size=1, max_size=8))
    values = [bytearray(ENCODE(record.to_avro())) for record in records]
    for _ in range(draw(st.integers(1, 4))):
        value = values[draw(st.integers(0, len(values) - 1))]
        start = draw(st.integers(0, len(value)))
        value[start : start + draw(st.integers(0, 4))] = draw(st.binary(max_size=6))
    if draw(st.booleans()) and len(values) > 1:  # a border between two records moves: their sum stays whole
        moved = draw(st.integers(1, 6))
        values[1][HEADER_BYTES:HEADER_BYTES] = values[0][-moved:]
        del values[0][-moved:]
    return [bytes(value) or None for value in values]


near_good = st.fixed_dictionaries(
    {
        "event_id": st.sampled_from(["e1", "x" * 64, "x" * 65, "", "a b", "a\n", "é", "e1\n"]),
        "declaration_no": st.sampled_from(
            ["103000000010", "10300000001", "1030000000100", "10300000001X", "103000000010\n"]
        ),
        "status": st.sampled_from(["REGISTERED", "OTHER"]),
        "occurred_at": st.sampled_from(
            [AT, WRITTEN_AT + DAY, WRITTEN_AT + DAY + 1, 1_546_300_800_000, 0, -1, -(1 << 63), (1 << 63) - 1, *ENDS]
        ),
        "office": st.sampled_from(["03CC", "03cc", "03C", "03CC123", "03CC\n", "\u0660\u0663CC"]),
        "team": st.sampled_from([None, "01", "1", "0a", ""]),
        "step": st.sampled_from([None, "TAX_PAYMENT", "tax", "A" * 41]),
        "official": st.sampled_from([None, "x", ""]),
        "channel": st.sampled_from([None, "GREEN", "BLUE", "GREENRED", "RED\n"]),
        "kind": st.sampled_from([None, "A11", "11A"]),
        "tax_code": st.sampled_from([None, "0200100100", "0200100100-001", "020010010001", "0200100100\n", "1"]),
        "source_message": st.sampled_from([None, "VAD1AG", "vad"]),
    }
)

written = st.sampled_from([WRITTEN_AT] * 4 + [-1, -(1 << 63), (1 << 63) - 1, 4_102_444_800_000 - DAY])


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


class _Writers:
    """The two later versions and the pinned one, as a registry that knows them."""

    def __call__(self, schema_id: int, subject: str) -> Any | None:
        return WRITERS[schema_id] if schema_id in WRITERS and subject == SUBJECT else pinned_only(schema_id, subject)

    def good(self, number: int, *, later: bool, nested: bool) -> bytes:
        """A record that is accepted, written with one of the schemas."""
        schema_id = NESTED if nested else NEW if later else OLD
        record = status(f"e{number}", "CLEARED", WRITTEN_AT - number, team="01", official=f"o{number}").to_avro()
        if schema_id != OLD:
            record |= {"lane": "L", "weight": 7, "goods": ["a"], "status": "AUTO_CLEARED" if number % 2 else "RELEASED"}
        names = [field["name"] for field in WRITERS[schema_id]["fields"]]
        out = io.BytesIO()
        out.write(frame_header(schema_id))
        schemaless_writer(out, WRITERS[schema_id], {name: record[name] for name in names})
        return out.getvalue()


writers = _Writers()


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
def later_schemas(draw: st.DrawFn) -> Any:
    """The pinned schema with optional fields more, named new_..., in places between the others."""
    schema: Any = copy.deepcopy(dict(schema_json(OLD)))
    kinds: Any = {
        "text": (["null", "string"], None),
        "number": ("long", 7),
        "small": ("int", -1),
        "symbol": ({"type": "enum", "name": "New", "symbols": ["O", "X"], "default": "O"}, "O"),
    }
    for name in draw(st.lists(st.sampled_from(sorted(kinds)), unique=True)):
        kind, default = kinds[name]
        field = {"name": f"new_{name}", "type": kind, "default": default}
        schema["fields"].insert(draw(st.integers(0, len(schema["fields"]))), field)
    return schema


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
