r"""Values of ClickHouse as plain ones: texts, numbers, true, false, None, lists, and dicts with texts as keys.

| type | plain value |
|---|---|
| `String`, `FixedString`, enums | text; bytes that are no UTF-8 as `\xff` |
| `Date`, `DateTime`, `DateTime64` | text in ISO 8601, with the offset of the column's time zone, or Z |
| `Array`, `Tuple` | list |
| `Tuple` with named elements, `Map`, `JSON` | dict |
| numbers, `Bool`, `Decimal` | the same; `Float32` with the digits that tell it from its neighbours, and no more |
| `UUID`, `IPv4`, `IPv6`, others | text |
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

Convert = Callable[[Any], Any]
_ALREADY_PLAIN = {f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256)} | {"Float64"}
_FLOAT32_DIGITS = range(6, 10)  # nine digits tell any two of them apart


def converters(kinds: Sequence[str], zone: str) -> list[Convert]:
    """What makes the values of each column plain.

    Args:
        kinds: The types of the columns, as ClickHouse writes them. Their texts must be read as bytes.
        zone: Time zone of the types that name none.
    """
    return [_converter(kind, ZoneInfo(zone)) for kind in kinds]


def _converter(kind: str, zone: ZoneInfo) -> Convert:
    from clickhouse_driver.columns.util import get_inner_columns_with_types, get_inner_spec

    head = kind.partition("(")[0]
    if head not in {"Nullable", "LowCardinality", "SimpleAggregateFunction", "Array", "Map", "Tuple"}:
        return _scalar(head, kind, zone)
    elements = get_inner_columns_with_types(get_inner_spec(head, kind))
    names = [_unquoted(name) for name, _kind in elements]
    inner = [_converter(element.strip(), zone) for _name, element in elements]
    match head:
        case "Array":
            return lambda values: [inner[0](value) for value in values]
        case "Map":
            return lambda values: {str(_python(inner[0](key))): inner[1](value) for key, value in values.items()}
        case "Tuple" if names[0]:
            return lambda values: {
                name: convert(value) for name, convert, value in zip(names, inner, values, strict=True)
            }
        case "Tuple":
            return lambda values: [convert(value) for convert, value in zip(inner, values, strict=True)]
        case _:  # the last argument is the type of the values
            return lambda value: None if value is None else inner[-1](value)


def _unquoted(name: str) -> str:
    return name[1:-1].replace("\\`", "`").replace("\\\\", "\\") if name.startswith("`") else name


def _scalar(head: str, kind: str, zone: ZoneInfo) -> Convert:
    if head in _ALREADY_PLAIN or head.startswith("Decimal"):
        return _same
    if head == "FixedString":
        return lambda value: _text(value.rstrip(b"\0"))
    if head not in {"DateTime", "DateTime64"}:
        return _BY_TYPE.get(head, _python)
    scale = int(kind.partition("(")[2][:1]) if head == "DateTime64" else 0
    digits = "seconds" if scale == 0 else "milliseconds" if scale <= 3 else "microseconds"
    return lambda value: _moment(value, zone, digits)


def _same(value: Any) -> Any:
    return value


def _text(value: bytes) -> str:
    return value.decode(errors="backslashreplace")


def _moment(value: datetime, zone: ZoneInfo, digits: str) -> str:
    aware = value if value.tzinfo else value.replace(tzinfo=zone)
    return aware.isoformat(timespec=digits).replace("+00:00", "Z")


def _float32(value: float) -> float:
    """The shortest of the numbers that are this one in 32 bits: 0.1, not 0.10000000149011612."""
    if not isfinite(value):
        return value
    stored = struct.pack("f", value)
    shorter = (float(f"{value:.{digits}g}") for digits in _FLOAT32_DIGITS)
    return next((number for number in shorter if _stored(number) == stored), value)


def _stored(number: float) -> bytes:
    try:
        return struct.pack("f", number)
    except OverflowError:  # rounded up beyond the greatest
        return b""


def _python(value: Any) -> Any:
    """A value by its Python type."""
    match value:
        case None | bool() | int() | float() | Decimal() | str():
            return value
        case bytes():
            return _text(value)
        case date():
            return value.isoformat()
        case dict():
            return {str(_python(key)): _python(element) for key, element in value.items()}
        case list() | tuple():
            return [_python(element) for element in value]
        case _:
            return str(value)


_BY_TYPE: Mapping[str, Convert] = {
    "Bool": bool,  # the driver reads a false of a sparse column as 0
    "Float32": _float32,
    "String": _text,
}
