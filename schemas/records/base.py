"""What all records of the contract share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any, Self


class Record:
    """Base of the records: to and from the dictionaries that fastavro writes and reads."""

    __slots__ = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro writes it."""
        names, values = _reader(type(self))
        return {name: _plain(value) for name, value in zip(names, values(self), strict=True)}

    @classmethod
    def from_avro(cls, record: Mapping[str, Any]) -> Self:
        """The record from what a decoder of its subject returned."""
        return cls(**record)


_READERS: dict[type, tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]] = {}


def _reader(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Names of a record's fields, and what reads them, looked up once for each class."""
    found = _READERS.get(kind)
    if found is None:
        names = tuple(field.name for field in fields(kind))
        found = _READERS[kind] = names, attrgetter(*names)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_avro()
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value
