"""Whether we are willing to read records with a schema. Avro allows more than we do.

A type that contains itself lets a record of a few bytes nest without end. A list of items without bytes lets a record
claim billions of items. An alias reads one field as another. A union of text and bytes may read bytes as text.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from fastavro.schema import SchemaParseException, UnknownType, expand_schema, parse_schema
from fastavro.validation import validate

from schemas.errors import Problem, Reason

NAMED = frozenset({"record", "enum", "fixed"})
_SIZES = {"null": 0, "boolean": 1, "int": 1, "long": 1, "float": 4, "double": 8, "bytes": 1, "string": 1}
"""Primitive types, with the least number of bytes of a value."""

_ALIKE = ({"string", "bytes"}, {"int", "long", "float", "double"})
"""Types that a reader's union confuses: it takes the first that fits, not the one that was written."""

UNPARSEABLE = (SchemaParseException, UnknownType, KeyError, ValueError, TypeError, AttributeError, RecursionError)
"""What `expand_schema` and `parse_schema` raise for an invalid schema."""


def schema_faults(schema: Any) -> list[Problem]:
    """Why a schema, given as JSON, cannot be used; empty when it can."""
    try:
        found = list(_faults(expand_schema(schema), ""))
    except UNPARSEABLE as error:
        return [Problem("schema", Reason.BAD_FIELD, f"is no Avro schema that can be used ({type(error).__name__})")]
    return [Problem(path or "schema", Reason.BAD_FIELD, why) for path, why in found]


def _faults(schema: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(schema, list):
        if any(sum(branch in alike for branch in schema if isinstance(branch, str)) > 1 for alike in _ALIKE):
            yield path, "may be one of two types that Avro turns into each other"
        for branch in schema:
            yield from _faults(branch, path)
    elif isinstance(schema, str):
        if schema not in _SIZES:
            yield path, "contains itself"
    else:
        yield from _faults_inside(schema, path)


def _faults_inside(schema: Any, path: str) -> Iterator[tuple[str, str]]:
    if "aliases" in schema:
        yield path, "has an alias"
    match schema["type"]:
        case "record":
            for field in schema["fields"]:
                inside = join(path, field["name"])
                yield from _field_faults(field, inside)
                yield from _faults(field["type"], inside)
        case "array":
            yield from _faults(schema["items"], f"{path}[]")
            if _fewest_bytes(schema["items"]) == 0:
                yield path, "is a list of items that take no bytes"
        case "map":
            yield from _faults(schema["values"], f"{path}{{}}")


def _field_faults(field: Any, path: str) -> Iterator[tuple[str, str]]:
    if "aliases" in field:
        yield path, "has an alias"
    kind = field["type"]
    first = kind[0] if isinstance(kind, list) else kind  # a union's default is a value of its first branch
    if "default" in field and not _is_value(field["default"], first):
        yield path, "has a default that is not a value of its type"


def _is_value(default: Any, kind: Any) -> bool:
    return bool(validate(default, parse_schema(_bare(kind, itertools.count())), raise_errors=False, strict=True))


def _bare(kind: Any, numbers: Iterator[int]) -> Any:
    """A type without logical types, as defaults are written, and with unique names."""
    if isinstance(kind, dict):
        bare = {key: _bare(value, numbers) for key, value in kind.items() if key != "logicalType"}
        return {**bare, "name": f"T{next(numbers)}"} if kind.get("type") in NAMED else bare
    return [_bare(part, numbers) for part in kind] if isinstance(kind, list) else kind


def _fewest_bytes(schema: Any) -> int:
    if isinstance(schema, list):
        return 1  # the index of the branch
    if isinstance(schema, str):
        return _SIZES.get(schema, 1)
    match schema["type"]:
        case "record":
            return sum(_fewest_bytes(field["type"]) for field in schema["fields"])
        case "fixed":
            return int(schema["size"])
        case "array" | "map" | "enum":
            return 1
        case kind:
            return _fewest_bytes(kind)


def join(path: str, name: str) -> str:
    """Path of a field."""
    return f"{path}.{name}" if path else name
