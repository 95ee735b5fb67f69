"""The base class of all records of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any, Self


class Record:
    """Converts to and from the dictionaries that fastavro writes and reads."""

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
    """Field names of a record class and a function that reads their values, found once for each class."""
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
