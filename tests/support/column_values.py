"""Columns of statuses back as records."""

from __future__ import annotations

from typing import Any

from schemas.vectorized.status_columns import CodedTexts, StatusColumns, TextSpans


def records_of(columns: StatusColumns) -> list[dict[str, Any]]:
    """The fields of each good record, as a decoder returns them."""
    values = [_values(column) for column in columns.fields.values()]
    return [dict(zip(columns.fields, row, strict=True)) for row in zip(*values, strict=True)]


def _values(column: Any) -> list[Any]:
    match column:
        case TextSpans(data, begins, sizes):
            return [
                None if size < 0 else data[begin : begin + size].tobytes().decode()
                for begin, size in zip(begins.tolist(), sizes.tolist(), strict=True)
            ]
        case CodedTexts(_dictionary, texts, codes):
            return [
                texts.data[begin:end].tobytes().decode() or None  # no rule accepts an empty text
                for begin, end in zip(texts.offsets[codes].tolist(), texts.offsets[codes + 1].tolist(), strict=True)
            ]
    return list(column.tolist())
