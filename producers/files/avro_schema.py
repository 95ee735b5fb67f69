"""Which Avro schemas are read: those whose values cannot take far more memory than the bytes they are written in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TIMES = {
    "timestamp-millis",
    "timestamp-micros",
    "local-timestamp-millis",
    "local-timestamp-micros",
}
"""The logical types that are read; without its logical type any other value is what it is written as."""

_BYTES = {"null": 0, "boolean": 1, "int": 1, "long": 1, "float": 4, "double": 8, "bytes": 1, "string": 1}
_MAX_DEPTH = 10
_WORDS = {"float", "double"}


def with_times_only(kind: Any) -> Any:
    """A schema document without logical types, except those of times."""
    if isinstance(kind, list):
        return [with_times_only(branch) for branch in kind]
    if not isinstance(kind, dict):
        return kind
    return {
        name: with_times_only(value) if name in ("type", "items", "values", "fields") else value
        for name, value in kind.items()
        if name != "logicalType" or (isinstance(value, str) and value in _TIMES)
    }


def problem_of(kind: Any, *, known: bool) -> str | None:
    """Why a field cannot be read, completing "the field ..."; None if it can.

    Args:
        kind: Its type in a parsed schema.
        known: Whether it is a field of ours, and not one to pass over.
    """
    if known and (found := _word(kind)) is not None:
        return f"has the type {found}, which no field of ours has: write whole numbers as int or long"
    if least_bytes(kind) is None:
        return (
            "has a type that is not read: a list of values without bytes, a type that contains itself, or nested deeply"
        )
    return None


def _word(kind: Any) -> str | None:
    branches = kind if isinstance(kind, list) else [kind]
    names = [branch["type"] if isinstance(branch, Mapping) else branch for branch in branches]
    return next((name for name in names if isinstance(name, str) and name in _WORDS), None)


def least_bytes(kind: Any) -> int | None:
    """The fewest bytes that a value of a type is written in; None if the type is not read.

    A list of a billion nulls is written in five bytes; a type that contains itself may nest a million times.
    """
    return _least_bytes(kind, 0, {})


def _least_bytes(kind: Any, depth: int, named: dict[str, int | None]) -> int | None:
    if depth > _MAX_DEPTH:
        return None
    if isinstance(kind, list):
        return 1 if all(_least_bytes(branch, depth + 1, named) is not None for branch in kind) else None
    if isinstance(kind, str):
        return _BYTES[kind] if kind in _BYTES else named.get(kind)
    form = kind["type"]
    if form in ("array", "map"):
        inside = _least_bytes(kind["items" if form == "array" else "values"], depth + 1, named)
        return 1 if inside is not None and (inside or form == "map") else None
    if form not in ("record", "error", "enum", "fixed"):
        return _least_bytes(form, depth + 1, named)
    name = kind["name"]
    named[name] = None  # until it is known: a type that contains itself is refused
    named[name] = _of_named(kind, depth, named)
    return named[name]


def _of_named(kind: Mapping[str, Any], depth: int, named: dict[str, int | None]) -> int | None:
    if kind["type"] == "enum":
        return 1
    if kind["type"] == "fixed":
        return int(kind["size"])
    total = 0
    for field in kind["fields"]:
        size = _least_bytes(field["type"], depth + 1, named)
        if size is None:
            return None
        total += size
    return total
