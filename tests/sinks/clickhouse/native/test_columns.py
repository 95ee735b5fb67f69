"""Encoded columns, against what the driver reads out of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from clickhouse_driver.bufferedreader import CompressedBufferedReader
from clickhouse_driver.columns.service import read_column
from clickhouse_driver.context import Context
from hypothesis import given
from hypothesis import strategies as st

from schemas.vectorized.kernels.texts import Strings
from schemas.vectorized.status_columns import CodedTexts, TextSpans
from sinks.clickhouse.native.columns import CodedColumn, NativeColumn, NumberColumn, TextColumn

_CONTEXT = Context()
_CONTEXT.client_settings = {
    **dict.fromkeys(("strings_as_bytes", "use_numpy", "opentelemetry_traceparent", "namedtuple_as_json"), False),
    "strings_encoding": "utf-8",
    "server_side_params": False,
}

TEXTS = st.one_of(st.text(max_size=6), st.sampled_from(["", "03EE", "x" * 127, "é" * 64, "y" * 128, "z" * 20_000]))
RANGES = {
    "UInt8": (0, 2**8 - 1),
    "UInt16": (0, 2**16 - 1),
    "UInt32": (0, 2**32 - 1),
    "UInt64": (0, 2**64 - 1),
    "Int32": (-(2**31), 2**31 - 1),
    "Int64": (-(2**63), 2**63 - 1),
}


def read_by_the_driver(type_: str, data: bytes, count: int) -> list[Any]:
    """The values, and the certainty that no byte is left."""
    parts = [data]
    buffer = CompressedBufferedReader(lambda: parts.pop(0) if parts else b"", 1 << 20)
    values = read_column(_CONTEXT, type_, count, buffer)
    with pytest.raises(EOFError):
        buffer.read(1)
    return list(values)


def encoded(type_: str, column: NativeColumn) -> bytes:
    """The bytes of a column."""
    data = column.encode(type_)
    assert data is not None
    return data


def strings(texts: Sequence[str]) -> Strings:
    """Texts in one array of bytes, of any letters."""
    pieces = [text.encode() for text in texts]
    return Strings(np.frombuffer(b"".join(pieces), np.uint8), np.cumsum([0, *map(len, pieces)]))


def text_column(texts: Sequence[str]) -> TextColumn:
    """A column of texts that lie one after another."""
    data, offsets = strings(texts)
    return TextColumn.of(TextSpans(data, offsets[:-1], np.diff(offsets).astype(np.int32)))


def coded_column(texts: Sequence[str], spare: Sequence[str] = ()) -> CodedColumn:
    """A column with a dictionary of its own, which also holds texts that are not used."""
    known = list(dict.fromkeys([*spare, *texts]))
    codes = np.array([known.index(text) for text in texts], np.uint32)
    return CodedColumn(CodedTexts(object(), strings(known), codes))


@given(st.lists(TEXTS, min_size=1, max_size=40))
def test_texts_come_out_as_they_went_in(texts: list[str]) -> None:
    """Empty, long and other than ASCII: the driver reads what was written."""
    column = text_column(texts)
    assert read_by_the_driver("String", encoded("String", column), len(column)) == texts
    assert column.values() == texts


@given(st.sampled_from(["String", "LowCardinality(String)"]), st.lists(TEXTS, min_size=1, max_size=40))
def test_coded_texts_come_out_as_they_went_in(type_: str, texts: list[str]) -> None:
    """All different and all alike, with texts in the dictionary that no row has."""
    column = coded_column(texts, spare=["unused", *texts[:1], "ü"])
    assert read_by_the_driver(type_, encoded(type_, column), len(column)) == texts
    assert column.values() == texts


@given(st.lists(st.lists(TEXTS, min_size=1, max_size=5), min_size=1, max_size=4), st.booleans())
def test_columns_are_concatenated(parts: list[list[str]], shared: bool) -> None:
    """Parts with one dictionary, which grew between them, or with one each: the rows are those of the parts."""
    together = [text for part in parts for text in part]
    first, *others = [text_column(part) for part in parts]
    assert first.concatenate(others).values() == together
    if shared:
        known, columns = list(dict.fromkeys(together)), []
        for end in range(1, len(parts) + 1):
            so_far = list(dict.fromkeys(text for part in parts[:end] for text in part))
            codes = np.array([known.index(text) for text in parts[end - 1]], np.uint32)
            columns.append(CodedColumn(CodedTexts(known, strings(so_far), codes)))
    else:
        columns = [coded_column(part) for part in parts]
    joined = columns[0].concatenate(columns[1:])
    assert joined.values() == together
    data = encoded("LowCardinality(String)", joined)
    assert read_by_the_driver("LowCardinality(String)", data, len(together)) == together


@pytest.mark.parametrize("different", [1, 255, 256, 257, 65_535, 65_536, 65_537])
def test_as_many_different_texts_as_there_are(different: int) -> None:
    """The indexes of a dictionary have one, two or four bytes; at each border they hold what they must."""
    known = [str(number) for number in range(different)]
    codes = (np.arange(different + 3) % different).astype(np.uint32)
    data = encoded("LowCardinality(String)", CodedColumn(CodedTexts(known, strings(known), codes)))
    read = read_by_the_driver("LowCardinality(String)", data, len(codes))
    assert read == [known[code] for code in codes.tolist()]


@given(st.data(), st.sampled_from(sorted(RANGES)))
def test_numbers_come_out_as_they_went_in(data: st.DataObject, type_: str) -> None:
    """Every number that the column can hold, from signed and unsigned arrays."""
    low, high = RANGES[type_]
    numbers = data.draw(st.lists(st.integers(low, high), min_size=1, max_size=20))
    column = NumberColumn(np.array(numbers, np.uint64 if low == 0 else np.int64))
    assert read_by_the_driver(type_, encoded(type_, column), len(numbers)) == numbers
    assert column.concatenate([column]).values() == numbers * 2


@pytest.mark.parametrize("type_", sorted(RANGES))
def test_a_number_that_does_not_fit_is_refused(type_: str) -> None:
    """A number is never cut off in silence."""
    low, high = RANGES[type_]
    beyond = [np.array([number]) for number in (low - 1, high + 1) if -(2**63) <= number < 2**64]
    for numbers in beyond:
        with pytest.raises(OverflowError):
            encoded(type_, NumberColumn(numbers))


@pytest.mark.parametrize("type_", ["DateTime64(3)", "DateTime64(3, 'UTC')", "DateTime64(3, 'Asia/Ho_Chi_Minh')"])
def test_times_are_their_milliseconds(type_: str) -> None:
    """The zone of the column does not matter: it only says how times are shown."""
    column = NumberColumn(np.array([1_585_702_800_123]))
    assert encoded(type_, column) == encoded("Int64", column)


@pytest.mark.parametrize(
    "type_", ["DateTime64(6, 'UTC')", "DateTime('UTC')", "Nullable(UInt32)", "Array(String)", "FixedString(4)", "Bool"]
)
def test_other_types_are_left_to_the_driver(type_: str) -> None:
    """No layout is guessed."""
    for column in (text_column(["x"]), coded_column(["x"]), NumberColumn(np.array([1]))):
        assert column.encode(type_) is None
