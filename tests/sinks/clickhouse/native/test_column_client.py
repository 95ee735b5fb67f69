"""Columns in a real server."""

from __future__ import annotations

import numpy as np
import pytest
from clickhouse_driver.errors import ServerException
from support.sink_bench import SinkBench

from schemas.vectorized.kernels.texts import Strings
from schemas.vectorized.status_columns import CodedTexts, TextSpans
from sinks.clickhouse.client import session
from sinks.clickhouse.native.columns import CodedColumn, NativeColumn, NumberColumn, TextColumn


def coded(*codes: int) -> CodedColumn:
    """A column with a dictionary of its own."""
    return CodedColumn(CodedTexts(object(), Strings.of(["", "03EE", "03CC"]), np.array(codes, np.uint32)))


WORDS = np.frombuffer("hài lòng".encode() + b"x" * 300, np.uint8)
COLUMNS: dict[str, NativeColumn] = {
    "number": NumberColumn(np.array([3, 1, 2])),
    "code": coded(1).concatenate([coded(0, 1)]),  # '03EE' is a key of both dictionaries
    "short": coded(1, 0, 2),
    "text": TextColumn.of(TextSpans(WORDS, np.array([10, 0, 0]), np.array([300, -1, 10], np.int32))),
    "at": NumberColumn(np.array([1_585_702_800_123, 0, 1])),
}
TABLE = """
CREATE TABLE words
(
    text String, number UInt64, code LowCardinality(String), short FixedString(4), at DateTime64(3, 'UTC'),
    twice UInt64 MATERIALIZED number * 2
)
ENGINE = MergeTree ORDER BY number
"""


def test_columns_are_stored_under_their_names(bench: SinkBench) -> None:
    """The order of the columns does not matter; types that are not encoded here are written by the driver."""
    with session(bench.clickhouse) as client:
        client.execute(TABLE)
        client.insert_columns("words", COLUMNS, {"async_insert": 0})
        client.execute("INSERT INTO words (number, text) VALUES", [(4, "a row")])
        rows = client.execute(
            "SELECT number, code, short, text, toUnixTimestamp64Milli(at), twice FROM words ORDER BY 1"
        )
        counts = client.execute("SELECT code, count() FROM words GROUP BY code ORDER BY code")
    assert rows == [
        (1, "", "", "", 0, 2),
        (2, "03EE", "03CC", "hài lòng", 1, 4),
        (3, "03EE", "03EE", "x" * 300, 1_585_702_800_123, 6),
        (4, "", "", "a row", 0, 8),
    ]
    assert counts == [("", 2), ("03EE", 2)]


def test_columns_that_are_refused_leave_a_client_that_can_go_on(bench: SinkBench) -> None:
    """The server's error is the driver's exception, and the next columns are stored."""
    with session(bench.clickhouse) as client:
        client.execute(TABLE)
        with pytest.raises(ServerException):
            client.insert_columns("words", {"codes": COLUMNS["code"], "number": COLUMNS["number"]}, {})
        client.insert_columns("words", COLUMNS, {})
        assert client.execute("SELECT count() FROM words") == [(3,)]
