"""Finds where a column ends: walks over Native column data by type, without decoding values.

Native blocks carry no column lengths, so the boundary between two columns can only be found from the layout of
each type.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from deploy.local.clickhouse.errors import NOT_IMPLEMENTED, TOO_LARGE, UNKNOWN_TYPE, ServerError
from deploy.local.clickhouse.wire import Reader

_WIDTHS: Final = {
    **dict.fromkeys(("UInt8", "Int8", "Bool", "Enum8", "Nothing"), 1),
    **dict.fromkeys(("UInt16", "Int16", "Date", "Enum16", "BFloat16"), 2),
    **dict.fromkeys(("UInt32", "Int32", "Float32", "Date32", "DateTime", "DateTime32", "IPv4", "Time"), 4),
    **dict.fromkeys(("UInt64", "Int64", "Float64", "DateTime64", "Time64"), 8),
    **dict.fromkeys(("UInt128", "Int128", "UUID", "IPv6", "Point"), 16),
    **dict.fromkeys(("UInt256", "Int256"), 32),
}
_DECIMALS: Final = ((9, 4), (18, 8), (38, 16), (76, 32))  # up to this precision, this many bytes
_DEPTH_LIMIT: Final = 32
_INDEX_WIDTH_MASK: Final = 0xF
_JSON_AS_TEXT: Final = 1
_ELEMENT_NAME = re.compile(r"(`(?:[^`\\]|\\.)*`|\w+)\s+(?=\w)")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Walker:
    """How to skip one column: first its prefix, then the data of all rows."""

    prefix: Callable[[Reader], None]
    rows: Callable[[Reader, int], None]


def _no_prefix(_reader: Reader) -> None:
    return


def split_arguments(text: str) -> list[str]:
    """Split at the commas that stand outside quotes and parentheses: ``a, b(c, d)`` has two parts."""
    parts: list[str] = []
    depth = start = position = 0
    while position < len(text):
        if quoted := _QUOTED.match(text, position):
            position = quoted.end()
            continue
        sign = text[position]
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append(text[start:position].strip())
            start = position + 1
        position += 1
    tail = text[start:].strip()
    return [*parts, tail] if tail else parts


def _nullable(inner: Walker) -> Walker:
    def rows(reader: Reader, count: int) -> None:
        reader.skip(count)  # the null map
        inner.rows(reader, count)

    return Walker(inner.prefix, rows)


def _array(inner: Walker) -> Walker:
    def rows(reader: Reader, count: int) -> None:
        if count:
            reader.skip(8 * count)
            inner.rows(reader, reader.uint64_before())

    return Walker(inner.prefix, rows)


def _tuple(elements: list[Walker]) -> Walker:
    def prefix(reader: Reader) -> None:
        for element in elements:
            element.prefix(reader)

    def rows(reader: Reader, count: int) -> None:
        if not elements:
            reader.skip(count)
        for element in elements:
            element.rows(reader, count)

    return Walker(prefix, rows)


def _low_cardinality(dictionary: Walker) -> Walker:
    def rows(reader: Reader, count: int) -> None:
        if count:
            index_width = 1 << (reader.uint64() & _INDEX_WIDTH_MASK)
            dictionary.rows(reader, reader.uint64())
            reader.skip(index_width * reader.uint64())

    return Walker(lambda reader: reader.skip(8), rows)


def _json_prefix(reader: Reader) -> None:
    if reader.uint64() != _JSON_AS_TEXT:
        raise ServerError(NOT_IMPLEMENTED, "JSON is relayed as text only (NOT_IMPLEMENTED)")


_STRING: Final = Walker(_no_prefix, lambda reader, rows: reader.skip_strings(rows))
_JSON: Final = Walker(_json_prefix, lambda reader, rows: reader.skip_strings(rows))


def _element(spec: str) -> str:
    """The type of a tuple's element, without its name."""
    return _ELEMENT_NAME.sub("", spec, count=1)


def _simple(name: str, arguments: list[str]) -> Walker | None:
    """The walker of a type without inner types."""
    size = int(arguments[0]) if arguments and re.fullmatch(r"\d{1,7}", arguments[0]) else 0
    width = _WIDTHS.get(name, 0)
    if name.startswith("Interval"):
        width = 8
    elif name == "FixedString":
        width = size
    elif name == "Decimal":
        width = next((width for precision, width in _DECIMALS if size <= precision), 0)
    if width:
        return Walker(_no_prefix, lambda reader, rows: reader.skip(width * rows))
    return {"String": _STRING, "JSON": _JSON}.get(name)


def _composite(name: str, arguments: list[str], depth: int) -> Walker | None:
    """The walker of a type with inner types."""
    inner = partial(walker, depth=depth + 1)
    found: Walker | None = None
    match name, arguments:
        case "Nullable", [spec]:
            found = _nullable(inner(spec))
        case "SimpleAggregateFunction", [_, spec]:
            found = inner(spec)
        case "Array", [spec]:
            found = _array(inner(spec))
        case (("Map" | "Nested"), [_, *_]):
            found = _array(_tuple([inner(_element(spec)) for spec in arguments]))
        case "Tuple", _:
            found = _tuple([inner(_element(spec)) for spec in arguments])
        case "LowCardinality", [spec]:
            # The dictionary of LowCardinality(Nullable(T)) holds plain T: its first entry stands for NULL.
            plain = spec[len("Nullable(") : -1] if spec.startswith("Nullable(") else spec
            found = _low_cardinality(inner(plain))
    return found


@lru_cache(4096)
def walker(spec: str, depth: int = 0) -> Walker:
    """The walker of a type as ClickHouse writes it, such as ``Map(String, Array(Nullable(UInt8)))``.

    Raises:
        ServerError: 50, unknown type; 131, nested too deeply.
    """
    if depth > _DEPTH_LIMIT:
        raise ServerError(TOO_LARGE, "Type is nested too deeply (TOO_DEEP_RECURSION)")
    name, _, rest = spec.partition("(")
    arguments = split_arguments(rest.removesuffix(")"))
    found = _simple(name, arguments) or _composite(name, arguments, depth)
    if found is None:
        raise ServerError(UNKNOWN_TYPE, f"Type {spec[:200]} cannot be relayed by this server (UNKNOWN_TYPE)")
    return found
