"""Records of one subject from columns of numbers: `schemas.codec.record.record_encoder` for many at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.catalogue import latest, physical, schema_json
from schemas.codec.wire import frame_header
from schemas.vectorized.kernels import rows
from schemas.vectorized.string_arena import Strings

_KINDS = {"int": rows.NUMBER, "long": rows.NUMBER, "string": rows.TEXT, "boolean": rows.BYTE}
_LEAST_ROOM = 1 << 20
_MOST_ITEMS = 63
"""Of an array, so that its count is one byte."""

Column = npt.NDArray[Any]


class RowWriter:
    """Writes records of the newest schema of a subject.

    Args:
        subject: The subject. Its fields are numbers, texts, booleans, enums, and arrays of one length; or null.
        lengths: Items of each array.
    """

    def __init__(self, subject: str, lengths: Mapping[str, int]) -> None:
        pinned = latest(subject)
        self._header = np.frombuffer(frame_header(pinned.schema_id), np.uint8)
        self._columns: dict[str, slice] = {}
        self._marks: dict[int, int] = {}
        kinds: list[int] = []
        for field in physical(schema_json(pinned.schema_id))["fields"]:
            kind, first = field["type"], len(kinds)
            if isinstance(kind, dict) and kind["type"] == "array":
                length = lengths[field["name"]]
                assert 0 < length <= _MOST_ITEMS  # else the count would need more than a byte
                self._marks |= {first: 2 * length, first + length + 1: 0}
                kinds += [rows.BYTE, *[_kind(kind["items"])] * length, rows.BYTE]
                self._columns[field["name"]] = slice(first + 1, first + 1 + length)
            else:
                kinds.append(_kind(kind))
                self._columns[field["name"]] = slice(first, first + 1)
        self._kinds = np.array(kinds, np.int64)
        self._required = [place for place, kind in enumerate(kinds) if not kind & rows.NULLABLE]
        self._room = np.empty(_LEAST_ROOM, np.uint8)

    def write_records(
        self, count: int, columns: Mapping[str, Column | int], kept: Strings, fresh: Strings
    ) -> list[bytes]:
        """Framed records.

        Args:
            count: How many.
            columns: The values of each field, or the one that all have: a number, 0 or 1, a place in the enum, the
                number of a text, or `ABSENT`. Of an array a matrix, by record and item.
            kept: Texts with numbers from 0.
            fresh: Texts with numbers from -1 downwards.

        Raises:
            ValueError: A value is absent that must be there.
        """
        values = np.empty((count, len(self._kinds)), np.int64)
        for name, place in self._columns.items():
            column = np.asarray(columns[name])
            values[:, place] = column[:, np.newaxis] if column.ndim == 1 else column
        for at, mark in self._marks.items():
            values[:, at] = mark
        if (values[:, self._required] == rows.ABSENT).any():
            raise ValueError("a field that must be there is absent")
        return list(self._written(values, kept, fresh))

    def _written(self, values: npt.NDArray[np.int64], kept: Strings, fresh: Strings) -> Iterator[bytes]:
        ends, done = np.empty(len(values), np.int64), 0
        while done < len(values):
            first = done
            done = rows.write_rows(self._header, self._kinds, values, first, *kept, *fresh, self._room, ends)
            if done == first:
                self._room = np.empty(2 * len(self._room), np.uint8)
                continue
            raw, begin = self._room[: ends[done - 1]].tobytes(), 0
            for end in ends[first:done].tolist():
                yield raw[begin:end]
                begin = end


def _kind(schema: Any) -> int:
    if isinstance(schema, list):
        null, other = schema  # null is the first branch wherever we have a union
        assert null == "null"
        return rows.NULLABLE + _kind(other)
    if isinstance(schema, dict):
        assert schema["type"] == "enum"
        return rows.NUMBER
    return _KINDS[schema]
