"""Writing our own records from remembered parts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.catalogue import PINNED, latest, physical, schema_json
from schemas.codec.record import encoder, record_encoder
from schemas.errors import PoisonRecord, Reason
from schemas.records import OfficeCount

SUBJECTS = sorted({pinned.subject for pinned in PINNED})
_INT, _LONG = 1 << 31, 1 << 63
_SIMPLE: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "int": st.integers(-_INT, _INT - 1) | st.integers(-70, 70),
    "long": st.integers(-_LONG, _LONG - 1) | st.integers(-70, 70),
    "string": st.text(max_size=5),
    "bytes": st.binary(max_size=5),
    "boolean": st.booleans(),
    "double": st.floats(allow_nan=False),
}


def values(schema: Any, named: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a physical schema, as fastavro takes them."""
    if isinstance(schema, list):
        return st.one_of([values(branch, named) for branch in schema])
    if isinstance(schema, str):
        known: st.SearchStrategy[Any] = named.get(schema) or _SIMPLE[schema]
        return known
    if schema["type"] == "array":
        return st.lists(values(schema["items"], named), max_size=3)
    if schema["type"] == "map":
        return st.dictionaries(st.text(max_size=3), values(schema["values"], named), max_size=3)
    if schema["type"] == "enum":
        found: st.SearchStrategy[Any] = st.sampled_from(schema["symbols"])
    else:
        found = st.fixed_dictionaries({field["name"]: values(field["type"], named) for field in schema["fields"]})
    named[schema["name"]] = found
    return found


def as_record(value: Any, schema: Any, named: dict[str, Any]) -> Any:
    """The same value with attributes instead of keys wherever the schema has a record."""
    if isinstance(schema, dict) and "name" in schema:
        named[schema["name"]] = schema
    if isinstance(schema, str):
        schema = named.get(schema, schema)
    if isinstance(schema, list):
        return None if value is None else as_record(value, next(one for one in schema if one != "null"), named)
    if isinstance(schema, dict) and schema["type"] == "array":
        return tuple(as_record(one, schema["items"], named) for one in value)
    if isinstance(schema, dict) and schema["type"] == "record":
        fields = {one["name"]: as_record(value[one["name"]], one["type"], named) for one in schema["fields"]}
        return SimpleNamespace(**fields)
    return value


@pytest.mark.parametrize("subject", SUBJECTS)
def test_bytes_are_those_of_fastavro(subject: str) -> None:
    """For any values of any of our schemas, seen before or not, the bytes are what fastavro writes."""
    schema = physical(schema_json(latest(subject).schema_id))
    write, theirs = record_encoder(subject), encoder(subject)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(values(schema, {}), min_size=1, max_size=3))
    def check(some: list[dict[str, Any]]) -> None:
        for value in [*some, *some]:
            assert write(as_record(value, schema, {})) == theirs(value)

    check()


def test_what_does_not_fit_is_refused() -> None:
    """A value of another type, out of range or too large is refused as the other encoder refuses it, never cut off."""
    good = OfficeCount("03CC", 0, 1, 1, 0, (), {}, {}, ())
    write = record_encoder("office-count")
    assert write(good)
    broken: list[dict[str, Any]] = [
        {"office": None}, {"office": 7}, {"pane_start": 1 << 63}, {"opinions": 1 << 31}, {"opinions": "1"},
        {"version": 1.0}, {"enterprises": None}, {"drivers": {"a": None}}, {"office": "\ud800"},
    ]  # fmt: skip
    for change in broken:
        fields = {name: getattr(good, name) for name in OfficeCount.__slots__} | change
        with pytest.raises(PoisonRecord) as refusal:
            write(OfficeCount(**fields))
        assert refusal.value.reason is Reason.BAD_FIELD, change
    with pytest.raises(PoisonRecord) as refusal:
        write(OfficeCount("03CC", 0, 1, 1, 0, ("x" * 1000,) * 2000, {}, {}, ()))
    assert refusal.value.reason is Reason.TOO_LARGE
