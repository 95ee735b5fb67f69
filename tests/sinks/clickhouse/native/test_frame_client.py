"""Frames in a real server."""

from __future__ import annotations

import polars as pl
import pytest
from clickhouse_driver.errors import ServerException
from support.sink_bench import SinkBench

from sinks.clickhouse.client import session

FRAME = pl.DataFrame(
    {
        "number": [3, 1, 2],
        "code": ["03EE", "", "03EE"],
        "words": [["a", "b"], [], ["ộ"]],
        "text": ["x" * 300, "", "hài lòng"],
        "at": [1_585_702_800_123, 0, 1],
    }
)
TABLE = """
CREATE TABLE frames
(
    text String, number UInt64, code LowCardinality(String), words Array(String), at DateTime64(3, 'UTC'),
    twice UInt64 MATERIALIZED number * 2
)
ENGINE = MergeTree ORDER BY number
"""


def test_a_frame_is_stored_under_the_names_of_its_columns(world: SinkBench) -> None:
    """In whichever order they stand, with types that are laid out here and types that are the driver's."""
    with session(world.clickhouse) as client:
        client.execute(TABLE)
        client.insert_frame("frames", FRAME, {"async_insert": 0})
        client.execute("INSERT INTO frames (number, text) VALUES", [(4, "a row")])
        rows = client.execute(
            "SELECT number, code, words, text, toUnixTimestamp64Milli(at), twice FROM frames ORDER BY 1"
        )
    assert rows == [
        (1, "", [], "", 0, 2),
        (2, "03EE", ["ộ"], "hài lòng", 1, 4),
        (3, "03EE", ["a", "b"], "x" * 300, 1_585_702_800_123, 6),
        (4, "", [], "a row", 0, 8),
    ]


def test_a_frame_that_is_refused_leaves_a_client_that_can_go_on(world: SinkBench) -> None:
    """The server's error is the driver's exception, and the next frame is stored."""
    with session(world.clickhouse) as client:
        client.execute(TABLE)
        with pytest.raises(ServerException):
            client.insert_frame("frames", FRAME.rename({"code": "codes"}), {})
        client.insert_frame("frames", FRAME, {})
        assert client.execute("SELECT count() FROM frames") == [(3,)]
