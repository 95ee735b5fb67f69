"""Whether every index in an Avro body is one that its schema has.

fastavro looks up enum symbols and union branches by the index in the record, and in Python a negative index counts from
the end: so a broken record could pass as a good one with another meaning. This walk reads only lengths and indexes.

Source: Apache Avro 1.12 specification, "Binary Encoding".
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from fastavro import schemaless_writer

from schemas.codec.wire import HEADER_BYTES

_SIZES = {"null": 0, "boolean": 1, "float": 4, "double": 8}
_MAX_SHIFT = 63
"""A number of 64 bits has at most ten bytes. Libraries read on while a byte announces another: a megabyte of such
bytes, added up as a Python integer, would block a reader for half a minute."""


def is_canonical(value: bytes, schema: Any, record: Any) -> bool:
    """Whether encoding the record gives exactly this framed value: then every index in it is right."""
    again = io.BytesIO()
    try:
        schemaless_writer(again, schema, record)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return False
    return again.getbuffer() == memoryview(value)[HEADER_BYTES:]


def has_bad_index(value: bytes, schema: Any) -> bool:
    """Whether a framed value that could be decoded holds an index outside its schema, or a number over 64 bits."""
    walk = _IndexWalk(value)
    try:
        walk.skip(schema)
    except (IndexError, KeyError):
        return True
    return not walk.at_end


class _IndexWalk:
    """A position in a body that moves over one value after the other."""

    def __init__(self, value: bytes) -> None:
        self._value = value
        self._at = HEADER_BYTES
        self._named: dict[str, Any] = {}

    @property
    def at_end(self) -> bool:
        """Whether the position is exactly at the end."""
        return self._at == len(self._value)

    def skip(self, schema: Any) -> None:
        """Move over one value.

        Raises:
            IndexError: An index is not in the schema, a number is longer than 64 bits, or the body ends.
        """
        if isinstance(schema, list):
            self.skip(schema[self._index(len(schema))])
            return
        if isinstance(schema, str):
            schema = self._named.get(schema, {"type": schema})
        elif "name" in schema:
            self._named[schema["name"]] = schema
        match schema["type"]:
            case "record":
                for field in schema["fields"]:
                    self.skip(field["type"])
            case "enum":
                self._index(len(schema["symbols"]))
            case "array":
                self._blocks(lambda: self.skip(schema["items"]))
            case "map":
                self._blocks(lambda: self._entry(schema["values"]))
            case plain:
                self._skip_plain(plain, schema)

    def _skip_plain(self, kind: str, schema: Any) -> None:
        if kind in ("int", "long"):
            self._long()
        elif kind in ("string", "bytes"):
            size = self._long()  # moves the position too, so it cannot stand in the sum
            self._at += size
        else:
            self._at += schema["size"] if kind == "fixed" else _SIZES[kind]

    def _entry(self, values: Any) -> None:
        self.skip("string")
        self.skip(values)

    def _blocks(self, skip_one: Callable[[], None]) -> None:
        while count := self._long():
            if count < 0:
                self._long()  # size of the block in bytes
            for _ in range(abs(count)):
                skip_one()

    def _index(self, known: int) -> int:
        index = self._long()
        if not 0 <= index < known:
            raise IndexError(index)
        return index

    def _long(self) -> int:
        value = shift = 0
        while shift <= _MAX_SHIFT:
            byte = self._value[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)
        raise IndexError(shift)
