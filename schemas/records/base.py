"""The base class of all records of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, Self, get_args, get_origin, get_type_hints


class Record:
    """Converts to and from the dictionaries that fastavro writes and reads."""

    __slots__ = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro writes it."""
        names, values = _reader(type(self))  # type: ignore[arg-type]  # mypy takes classes for unhashable
        return {
            name: value if value.__class__ in _SCALARS else _plain(value)
            for name, value in zip(names, values(self), strict=True)
        }

    @classmethod
    def from_avro(cls, record: Mapping[str, Any]) -> Self:
        """The record from what a decoder of its subject returned: lists become tuples, inner records their classes."""
        lists = _list_fields(cls)  # type: ignore[arg-type]  # as above
        if not lists:
            return cls(**record)
        values = dict(record)
        for name, build in lists:
            values[name] = tuple(values[name]) if build is None else tuple(map(build, values[name]))
        return cls(**values)


_SCALARS = {str, int, bool, bytes, float, type(None)}
"""Types that fastavro writes as they are; nearly all values are of these, and the assessment writes 20 to a record."""


@cache
def _reader(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Field names of a record class and a function that reads their values."""
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names)


@cache
def _list_fields(kind: type[Any]) -> Sequence[tuple[str, Callable[[Any], Any] | None]]:
    """Fields of a record class that are tuples, each with what builds an item; None: items stay as they are."""
    items = {name: get_args(hint)[0] for name, hint in get_type_hints(kind).items() if get_origin(hint) is tuple}
    return [(name, item.from_avro if issubclass(item, Record) else None) for name, item in items.items()]


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_avro()
    if isinstance(value, tuple):
        return list(map(_plain, value)) if value and isinstance(value[0], Record) else list(value)
    return value
