"""The typed records against the newest schema of each subject: every field, its type, nullability and default."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from fastavro.utils import generate_one
from support.record_classes import class_named

from schemas.catalogue import PINNED, latest, parsed, physical, schema_json
from schemas.records.base import Record

_TYPES = {"string": str, "int": int, "long": int, "double": float, "boolean": bool, "bytes": bytes}

NEWEST = [pinned for pinned in PINNED if pinned is latest(pinned.subject)]


def record_schemas(schema: Any) -> Iterator[Mapping[str, Any]]:
    """A record schema and those inside it."""
    if isinstance(schema, list):
        for branch in schema:
            yield from record_schemas(branch)
    elif isinstance(schema, dict):
        if schema.get("type") == "record":
            yield schema
            for field in schema["fields"]:
                yield from record_schemas(field["type"])
        for inner in ("type", "items", "values"):
            yield from record_schemas(schema.get(inner))


def pairs() -> list[Any]:
    """Each record schema of the newest versions with the name of its class."""
    found = {
        part["name"]: part for pinned in NEWEST for part in record_schemas(physical(schema_json(pinned.schema_id)))
    }
    return [pytest.param(part, id=name) for name, part in found.items()]


def allowed(annotation: Any) -> tuple[Any, bool]:
    """The type of a field without None, and whether None is allowed."""
    if isinstance(annotation, types.UnionType):
        inside = [part for part in get_args(annotation) if part is not type(None)]
        assert len(inside) == 1
        return inside[0], len(inside) < len(get_args(annotation))
    return annotation, False


def agrees(annotation: Any, kind: Any) -> bool:
    """Whether a type holds exactly the values of an Avro type."""
    if isinstance(kind, str):
        return annotation is _TYPES[kind]
    if kind["type"] == "enum":
        return annotation is str
    if kind["type"] == "record":
        return annotation is class_named(kind["name"])
    if kind["type"] == "map":
        return get_origin(annotation) is Mapping and agrees(get_args(annotation)[1], kind["values"])
    assert kind["type"] == "array"
    parts = {part for part in get_args(annotation) if part is not Ellipsis}
    return get_origin(annotation) is tuple and all(agrees(part, kind["items"]) for part in parts)


def default_of(field: Field[Any]) -> Any:
    """A field's default as Avro writes it."""
    return list(field.default) if isinstance(field.default, tuple) else field.default


@pytest.mark.parametrize("schema", pairs())
def test_a_typed_record_agrees_with_its_newest_schema(schema: Any) -> None:
    """The same fields in the same order; None where the schema has null; a default only where it is the schema's."""
    kind: type[Record] = class_named(schema["name"])
    hints = get_type_hints(kind)
    typed: dict[str, Field[Any]] = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]  # each is a dataclass
    assert list(typed) == [field["name"] for field in schema["fields"]]
    for field in schema["fields"]:
        name, avro = field["name"], field["type"]
        branches = [part for part in avro if part != "null"] if isinstance(avro, list) else [avro]
        annotation, nullable = allowed(hints[name])
        assert nullable == (isinstance(avro, list) and "null" in avro), name
        assert agrees(annotation, branches[0]), name
        if typed[name].default is not MISSING:
            assert default_of(typed[name]) == field["default"], name


def enums() -> Iterator[Mapping[str, Any]]:
    """The enums of the newest versions."""
    for pinned in NEWEST:
        for part in record_schemas(physical(schema_json(pinned.schema_id))):
            for field in part["fields"]:
                if isinstance(field["type"], dict) and field["type"]["type"] == "enum":
                    yield field["type"]


@pytest.mark.parametrize(
    "enum", [pytest.param(one, id=one["name"]) for one in {e["name"]: e for e in enums()}.values()]
)
def test_an_enum_has_the_symbols_of_its_schema(enum: Any) -> None:
    """In the same order: a symbol that only one side knows would crash the other."""
    ours: type[StrEnum] = class_named(enum["name"])
    assert [member.value for member in ours] == enum["symbols"]


@pytest.mark.parametrize("pinned", NEWEST, ids=lambda pinned: pinned.subject)
def test_a_record_survives_the_way_to_its_class_and_back(pinned: Any) -> None:
    """Lists become tuples, inner records become their classes, and all is written again as it was read."""
    kind: type[Record] = class_named(schema_json(pinned.schema_id)["name"])
    for _ in range(5):
        read = generate_one(parsed(pinned.schema_id))
        record = kind.from_avro(read)
        assert record.to_avro() == read
        values = [getattr(record, field.name) for field in fields(kind)]  # type: ignore[arg-type]  # each is a dataclass
        assert not any(isinstance(value, list) for value in values)
        assert not any(isinstance(part, dict) for value in values if isinstance(value, tuple) for part in value)
