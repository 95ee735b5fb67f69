"""Records of one subject from columns of numbers: `schemas.codec.record.encoder` for many at once.

A batch of statuses, for example; every field of the schema needs a column:

    writer = RowWriter("declaration-status")
    kept = StringInterner()                                     # texts that repeat, kept from batch to batch
    offices = np.array([kept.intern(text) for text in ("03CC", "03EE")])
    fresh = Strings.of(["e1", "e2", "103000000010", "103000000020"])   # texts of these records only: -1, -2, -3, -4
    values = writer.write_records(
        2,
        {
            "event_id": np.array([-1, -2]),
            "declaration_no": np.array([-3, -4]),
            "status": enum_symbols(schema, "status").index("CLEARED"),   # one value for all records
            "occurred_at": np.array([1_585_789_200_000, 1_585_789_260_000]),   # epoch milliseconds
            "office": offices,
            **dict.fromkeys(("team", "step", "official", "channel", "kind", "tax_code", "source_message"), ABSENT),
        },
        kept.strings,
        fresh,
    )
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.catalogue import latest, physical, schema_json
from schemas.codec.wire import frame_header
from schemas.vectorized.kernels import rows
from schemas.vectorized.kernels.texts import Strings

_KINDS = {"int": rows.NUMBER, "long": rows.NUMBER, "string": rows.TEXT, "boolean": rows.BYTE}
_LEAST_ROOM = 1 << 20
_MOST_ITEMS = 63
"""Of an array, so that its count is one byte."""

Column = npt.NDArray[Any]


class RowWriter:
    """Writes records of the newest schema of a subject.

    Args:
        subject: The subject. Its fields are whole numbers, texts, booleans, enums, null or one of these, and arrays.
        lengths: How many items an array field has, the same in all records: 1 to 63. Every other array is one of an
            enum's symbols, each of them once.
    """

    def __init__(self, subject: str, lengths: Mapping[str, int] | None = None) -> None:
        self._subject = subject
        pinned = latest(subject)
        self._header = np.frombuffer(frame_header(pinned.schema_id), np.uint8)
        self._columns: dict[str, slice] = {}
        self._marks: dict[int, int] = {}
        kinds: list[int] = []
        for field in physical(schema_json(pinned.schema_id))["fields"]:
            kind, first = field["type"], len(kinds)
            if isinstance(kind, dict) and kind["type"] == "array" and field["name"] in (lengths or {}):
                length = (lengths or {})[field["name"]]
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
        """Encode records.

        Args:
            count: How many records.
            columns: For each field of the schema its value in each record, or the one value of all records: the number
                itself (times as epoch milliseconds), 0 or 1 for a boolean, the place of an enum's symbol, the number of
                a text, or `kernels.rows.ABSENT` for null. For an array a matrix, by record and item, or a number with
                a bit for each symbol.
            kept: Texts with the numbers 0, 1, 2 ...
            fresh: Texts with the numbers -1, -2, -3 ...

        Returns:
            The framed value of each record.

        Raises:
            ValueError: The columns are not the fields of the schema, or a value is absent that must be there.
        """
        if columns.keys() != self._columns.keys():
            differing = ", ".join(sorted(columns.keys() ^ self._columns.keys()))
            raise ValueError(f"columns and the newest schema of {self._subject} differ in: {differing}")
        values = np.empty((count, len(self._kinds)), np.int64)
        for name, place in self._columns.items():
            column = np.asarray(columns[name])
            values[:, place] = column[:, np.newaxis] if column.ndim == 1 else column
        for at, mark in self._marks.items():
            values[:, at] = mark
        if (values[:, self._required] == rows.ABSENT).any():
            raise ValueError(f"{self._subject}: a field that must not be null is absent")
        return list(self._written(values, kept, fresh))

    def _written(self, values: npt.NDArray[np.int64], kept: Strings, fresh: Strings) -> Iterator[bytes]:
        ends, done = np.empty(len(values), np.int64), 0
        while done < len(values):
            first = done
            done = rows.write_rows(self._header, self._kinds, values, first, kept, fresh, self._room, ends)
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
    if isinstance(schema, dict) and schema["type"] == "array":
        assert len(schema["items"]["symbols"]) <= rows.MOST_SYMBOLS
        return rows.SET
    if isinstance(schema, dict):
        assert schema["type"] == "enum"
        return rows.NUMBER
    return _KINDS[schema]
