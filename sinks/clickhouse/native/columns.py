"""Columns in the layout of ClickHouse's native protocol, without a Python object for each value.

Source of the layouts: ClickHouse documentation, "Native format"; the driver's own `columns` package.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from schemas.vectorized.kernels.sized_texts import MAX_SIZE_BYTES, write_sized_texts
from schemas.vectorized.status_columns import CodedTexts, TextSpans

_DTYPES: Final[Mapping[str, str]] = {
    "UInt8": "<u1",
    "UInt16": "<u2",
    "UInt32": "<u4",
    "UInt64": "<u8",
    "Int32": "<i4",
    "Int64": "<i8",
}
_MILLISECONDS: Final = re.compile(r"DateTime64\(3(?:, '[^']*')?\)")

_KEY_VERSION: Final = 1
_OWN_DICTIONARY: Final = 1 << 9 | 1 << 10
"""The keys come with the block, and replace those of the block before."""


class NativeColumn(Protocol):
    """The values of one column of an insert block."""

    def __len__(self) -> int:
        """Number of values."""

    def encode(self, type_: str) -> bytes | None:
        """The bytes of a column of this ClickHouse type; None for a type that is left to the driver.

        Raises:
            OverflowError: A number does not fit.
        """

    def values(self) -> list[Any]:
        """The values, as the driver takes them."""

    def concatenate(self, others: Sequence[Self]) -> Self:
        """These values and then the others."""


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """Whole numbers; times as epoch milliseconds."""

    numbers: npt.NDArray[Any]

    def __len__(self) -> int:
        """As `NativeColumn`."""
        return len(self.numbers)

    def encode(self, type_: str) -> bytes | None:
        """As `NativeColumn.encode`."""
        name = _DTYPES.get("Int64" if _MILLISECONDS.fullmatch(type_) else type_)
        if name is None:
            return None
        limits = np.iinfo(name)
        if int(self.numbers.min()) < limits.min or int(self.numbers.max()) > limits.max:
            raise OverflowError(f"a number does not fit into {type_}")
        return self.numbers.astype(name, copy=False).tobytes()

    def values(self) -> list[Any]:
        """As `NativeColumn.values`."""
        return list(self.numbers.tolist())

    def concatenate(self, others: Sequence[Self]) -> Self:
        """As `NativeColumn.concatenate`."""
        return type(self)(np.concatenate([self.numbers, *(other.numbers for other in others)]))


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Texts that are nearly all different."""

    count: int
    layout: bytes  # their bytes, each text behind its size

    @classmethod
    def of(cls, spans: TextSpans) -> Self:
        """A column of these texts; null becomes ''."""
        return cls(len(spans.begins), _sized(*spans))

    def __len__(self) -> int:
        """As `NativeColumn`."""
        return self.count

    def encode(self, type_: str) -> bytes | None:
        """As `NativeColumn.encode`."""
        return self.layout if type_ == "String" else None

    def values(self) -> list[Any]:
        """As `NativeColumn.values`."""
        found, at = [], 0
        for _ in range(self.count):
            size = shift = 0
            while True:
                byte, at = self.layout[at], at + 1
                size |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
            found.append(self.layout[at : at + size].decode())
            at += size
        return found

    def concatenate(self, others: Sequence[Self]) -> Self:
        """As `NativeColumn.concatenate`."""
        parts = [self, *others]
        return type(self)(sum(map(len, parts)), b"".join(part.layout for part in parts))


@dataclass(frozen=True, slots=True)
class CodedColumn:
    """Texts of few different values."""

    coded: CodedTexts

    def __len__(self) -> int:
        """As `NativeColumn`."""
        return len(self.coded.codes)

    def encode(self, type_: str) -> bytes | None:
        """As `NativeColumn.encode`."""
        if type_ == "String":
            return self._texts_of(self.coded.codes)
        if type_ != "LowCardinality(String)":
            return None
        used = np.zeros(len(self.coded.texts.offsets) - 1, np.bool_)
        used[self.coded.codes] = True
        keys = np.flatnonzero(used)
        index_kind = 0 if len(keys) <= 1 << 8 else 1 if len(keys) <= 1 << 16 else 2
        positions = (np.cumsum(used) - 1).astype(("<u1", "<u2", "<u4")[index_kind])[self.coded.codes]
        header = struct.pack("<qqq", _KEY_VERSION, _OWN_DICTIONARY | index_kind, len(keys))
        return b"".join((header, self._texts_of(keys), struct.pack("<q", len(positions)), positions.tobytes()))

    def values(self) -> list[Any]:
        """As `NativeColumn.values`."""
        data, offsets = self.coded.texts.data.tobytes(), self.coded.texts.offsets.tolist()
        return [data[offsets[code] : offsets[code + 1]].decode() for code in self.coded.codes.tolist()]

    def concatenate(self, others: Sequence[Self]) -> Self:
        """As `NativeColumn.concatenate`; a text of two dictionaries becomes two keys, which ClickHouse makes one."""
        parts = [self.coded, *(other.coded for other in others)]
        newest = {id(part.dictionary): part for part in parts}  # its texts begin with those of earlier parts
        dictionary, texts, _codes = newest.pop(id(self.coded.dictionary))
        first_codes = {id(dictionary): 0}
        for key, part in newest.items():
            first_codes[key] = len(texts.offsets) - 1
            dictionary, texts = object(), texts.and_then(part.texts)
        codes = np.concatenate([part.codes + np.uint32(first_codes[id(part.dictionary)]) for part in parts])
        return type(self)(CodedTexts(dictionary, texts, codes))

    def _texts_of(self, codes: npt.NDArray[Any]) -> bytes:
        data, offsets = self.coded.texts
        begins = offsets[codes]
        return _sized(data, begins, (offsets[codes + 1] - begins).astype(np.int32))


def _sized(data: npt.NDArray[np.uint8], begins: npt.NDArray[np.int64], sizes: npt.NDArray[np.int32]) -> bytes:
    """The layout of a String column."""
    out = np.empty(int(sizes.sum(dtype=np.int64, where=sizes > 0)) + MAX_SIZE_BYTES * len(sizes), np.uint8)
    return out[: write_sized_texts(data, begins, sizes, out)].tobytes()
