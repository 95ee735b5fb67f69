"""Columns laid out as ClickHouse's native protocol carries them, without a Python object for a value.

Source of the layouts: ClickHouse documentation, "Native format"; the driver's own `columns` package.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import polars as pl

from schemas.codec.varint import varint

Encode = Callable[[pl.Series], bytes]

_NUMBERS: Final[Mapping[str, type[pl.DataType]]] = {
    "UInt8": pl.UInt8,
    "UInt16": pl.UInt16,
    "UInt32": pl.UInt32,
    "UInt64": pl.UInt64,
    "Int32": pl.Int32,
    "Int64": pl.Int64,
}
_MILLISECONDS: Final = re.compile(r"DateTime64\(3(?:, '[^']*')?\)")

_ONE_BYTE: Final = 0x80
_LENGTHS: Final = pl.Series([chr(length) for length in range(_ONE_BYTE)])
"""Lengths whose varint is one byte, as the text of that byte."""

_KEY_VERSION: Final = 1
_OWN_DICTIONARY: Final = 1 << 9 | 1 << 10
"""The keys come with the block, and replace those of the block before."""
_INDEX_KINDS: Final[Mapping[pl.DataType, int]] = {pl.UInt8(): 0, pl.UInt16(): 1, pl.UInt32(): 2}


def encoder(type_: str) -> Encode | None:
    """How a column of a ClickHouse type is laid out; None for a type that is left to the driver.

    What is returned takes at least one value and no null. A number or a text may be of any length and size that its
    column can hold; times are epoch milliseconds.

    Raises (what is returned):
        polars.exceptions.InvalidOperationError: A number does not fit.
    """
    if type_ in _NUMBERS:
        return partial(_numbers, kind=_NUMBERS[type_])
    if _MILLISECONDS.fullmatch(type_):
        return partial(_numbers, kind=pl.Int64)
    return {"String": _texts, "LowCardinality(String)": _few_texts}.get(type_)


def _numbers(column: pl.Series, kind: type[pl.DataType]) -> bytes:
    values = column.cast(kind).to_numpy()
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def _texts(column: pl.Series) -> bytes:
    """Each text after its length in bytes."""
    sizes = column.str.len_bytes()
    if int(sizes.max()) >= _ONE_BYTE:  # type: ignore[arg-type]  # there is at least one
        return b"".join(varint(len(text)) + text for text in column.cast(pl.Binary))
    together: str = (_LENGTHS.gather(sizes) + column).str.join("").item()
    return together.encode()


def _few_texts(column: pl.Series) -> bytes:
    """The different texts once, and for each row the place of its own among them."""
    keys = column.unique()
    places = column.cast(pl.Enum(keys)).to_physical()
    header = struct.pack("<qqq", _KEY_VERSION, _OWN_DICTIONARY | _INDEX_KINDS[places.dtype], len(keys))
    return b"".join((header, _texts(keys), struct.pack("<q", len(places)), _numbers(places, type(places.dtype))))
