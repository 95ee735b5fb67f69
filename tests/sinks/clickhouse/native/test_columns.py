"""Columns laid out in one go, against what the driver reads out of them."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from clickhouse_driver.bufferedreader import CompressedBufferedReader
from clickhouse_driver.columns.service import read_column
from clickhouse_driver.context import Context
from hypothesis import given
from hypothesis import strategies as st

from sinks.clickhouse.native.columns import encoder

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


def laid_out(type_: str, column: pl.Series) -> bytes:
    """The bytes of a column."""
    encode = encoder(type_)
    assert encode is not None
    return encode(column)


@given(st.sampled_from(["String", "LowCardinality(String)"]), st.lists(TEXTS, min_size=1, max_size=40))
def test_texts_come_out_as_they_went_in(type_: str, texts: list[str]) -> None:
    """Empty, long and other than ASCII, all different and all alike: the driver reads what was written."""
    assert read_by_the_driver(type_, laid_out(type_, pl.Series(texts, dtype=pl.String)), len(texts)) == texts


@pytest.mark.parametrize("different", [1, 255, 256, 257, 65_535, 65_536, 65_537])
def test_as_many_different_texts_as_there_are(different: int) -> None:
    """The indexes of a dictionary have one, two or four bytes; at each border they hold what they must."""
    texts = [str(number % different) for number in range(different + 3)]
    data = laid_out("LowCardinality(String)", pl.Series(texts))
    assert read_by_the_driver("LowCardinality(String)", data, len(texts)) == texts


@given(st.data(), st.sampled_from(sorted(RANGES)))
def test_numbers_come_out_as_they_went_in(data: st.DataObject, type_: str) -> None:
    """Every number that the column can hold, from whichever integer type of polars."""
    low, high = RANGES[type_]
    numbers = data.draw(st.lists(st.integers(low, high), min_size=1, max_size=20))
    kind = pl.UInt64 if low == 0 else pl.Int64
    assert read_by_the_driver(type_, laid_out(type_, pl.Series(numbers, dtype=kind)), len(numbers)) == numbers


@pytest.mark.parametrize("type_", sorted(RANGES))
def test_a_number_that_does_not_fit_is_refused(type_: str) -> None:
    """Never cut off in silence."""
    beyond = RANGES[type_][1] + 1
    column = pl.Series([beyond], dtype=pl.Int128)
    with pytest.raises(pl.exceptions.InvalidOperationError):
        laid_out(type_, column)


@pytest.mark.parametrize("type_", ["DateTime64(3)", "DateTime64(3, 'UTC')", "DateTime64(3, 'Asia/Ho_Chi_Minh')"])
def test_times_are_their_milliseconds(type_: str) -> None:
    """Whatever the zone of the column: it is a matter of showing."""
    column = pl.Series([1_585_702_800_123])
    assert laid_out(type_, column) == laid_out("Int64", column)


@pytest.mark.parametrize(
    "type_", ["DateTime64(6, 'UTC')", "DateTime('UTC')", "Nullable(UInt32)", "Array(String)", "FixedString(4)", "Bool"]
)
def test_other_types_are_left_to_the_driver(type_: str) -> None:
    """What is not laid out here is not guessed at."""
    assert encoder(type_) is None
