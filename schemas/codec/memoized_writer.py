"""Avro bodies put together from parts that were written before.

Windows of one office differ in few numbers, and complaints in few fields: so every field keeps the bytes of the values
that it wrote last, and a record is mostly looked up and joined. The bytes are those of fastavro, which tries the
branches of each union on each value, in two fifths of its time. Facts are written many at once
(`schemas.vectorized.row_writer`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter, call
from struct import Struct
from struct import error as struct_error
from typing import Any

from schemas.codec.varint import zigzag

Part = Callable[[Any], bytes]
"""Bytes of one value; raises one of `MISFIT` when the value is none of its type."""

MISFIT = (ValueError, TypeError, KeyError, AttributeError, OverflowError, struct_error)
_REMEMBERED = 1024
"""Values that a field remembers: those of a batch come close together, and memory stays bounded."""
_END = b"\x00"


def body_writer(schema: Any) -> Part:
    """The writer of a physical schema (`schemas.catalogue.physical`) whose unions are of null and one other type.

    It takes records by their attributes. Not for what comes from outside: long texts would be remembered too.
    """
    return _part(schema, {})


def _part(schema: Any, known: dict[str, Part]) -> Part:
    """The writer of a type; `known` has the records and enums that were met before."""
    write, repeats = _writer(schema, known)
    return lru_cache(_REMEMBERED, typed=True)(write) if repeats else write


def _writer(schema: Any, known: dict[str, Part]) -> tuple[Part, bool]:
    """The writer of a type, and whether its values are worth remembering."""
    if isinstance(schema, list):
        return _nullable(schema, known)
    if isinstance(schema, str):
        return (known[schema], False) if schema in known else _PRIMITIVES[schema]
    kind = schema["type"]
    if kind == "array":
        return _array(_part(schema["items"], known)), False
    if kind == "map":
        return _map(_part(schema["values"], known)), False
    found = _record(schema["fields"], known) if kind == "record" else _enum(schema["symbols"])
    known[schema["name"]] = found
    return found, False


def _int(value: int) -> bytes:
    return zigzag(value, 32)


_count = lru_cache(_REMEMBERED)(zigzag)


def _string(value: str) -> bytes:
    raw = value.encode()
    return _count(len(raw)) + raw


def _bytes(value: bytes) -> bytes:
    return zigzag(len(value)) + value


def _boolean(value: bool) -> bytes:
    if value is True:
        return b"\x01"
    if value is False:
        return b"\x00"
    raise TypeError("not a boolean")


_PRIMITIVES: Mapping[str, tuple[Part, bool]] = {
    "int": (_int, True),
    "long": (zigzag, False),
    "string": (_string, True),
    "bytes": (_bytes, False),
    "boolean": (_boolean, False),
    "double": (Struct("<d").pack, False),
}


def _enum(symbols: Sequence[str]) -> Part:
    return {symbol: zigzag(place) for place, symbol in enumerate(symbols)}.__getitem__


def _nullable(branches: Sequence[Any], known: dict[str, Part]) -> tuple[Part, bool]:
    """A union of null and one other type; our schemas have no others."""
    (other,) = (branch for branch in branches if branch != "null")
    null, chosen = zigzag(branches.index("null")), zigzag(branches.index(other))
    write, repeats = _writer(other, known)

    def part(value: Any) -> bytes:
        return null if value is None else chosen + write(value)

    return part, repeats


def _array(write: Part) -> Part:
    def part(values: Sequence[Any]) -> bytes:
        return b"".join([_count(len(values)), *map(write, values), _END]) if len(values) else _END

    return part


def _map(write: Part) -> Part:
    def part(values: Mapping[str, Any]) -> bytes:
        entries = (_string(name) + write(value) for name, value in values.items())
        return b"".join([_count(len(values)), *entries, _END]) if len(values) else _END

    return part


def _record(fields: Sequence[Mapping[str, Any]], known: dict[str, Part]) -> Part:
    parts = [_part(field["type"], known) for field in fields]
    values = attrgetter(*(field["name"] for field in fields))
    if len(parts) == 1:
        return lambda record: parts[0](values(record))
    return lambda record: b"".join(map(call, parts, values(record)))
