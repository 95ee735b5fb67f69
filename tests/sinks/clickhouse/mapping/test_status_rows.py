"""Rows of statuses, in the columns that the table has."""

from __future__ import annotations

import zlib
from typing import Any

from hypothesis import given, settings
from support.events import WRITTEN_AT, status
from support.newest_schema import newest_schema
from support.sink_bench import SinkBench
from support.statuses import AT, ENCODE, SUBJECT, later_schemas, status_batch

from schemas.topics import Topic
from schemas.validation import rules
from sinks.clickhouse.client import session
from sinks.clickhouse.mapping.insert_blocks import ColumnBlock, joined
from sinks.clickhouse.mapping.topic_readers import ORIGIN, StatusRows, readers

VALUES = [ENCODE(status(f"e{number}", "CLEARED", AT, official="o1", tax_code=None).to_avro()) for number in range(3)]


def test_a_row_has_the_event_and_its_origin() -> None:
    """Absent codes are '', the version is the epoch above the checksum, and blocks of two batches become one."""
    reader = readers()[Topic.DECLARATION_STATUS]
    (block,) = joined(block for _ in range(2) for block in reader.read(status_batch([None, *VALUES]), 3).blocks)
    assert isinstance(block, ColumnBlock)
    assert (block.table, block.rows) == ("declaration_status", 6)
    values = {name: column.values() for name, column in block.columns.items()}
    assert values["event_id"] == ["e0", "e1", "e2"] * 2
    assert values["status"] == ["CLEARED"] * 6
    assert values["tax_code"] == [""] * 6
    assert values["written_at"] == [WRITTEN_AT] * 6
    assert values["row_version"] == [3 << 48 | zlib.crc32(value[5:]) for value in VALUES] * 2
    assert [values[name] for name in ORIGIN[1:]] == [[3] * 6, [0] * 6, [1, 2, 3] * 2]


@settings(max_examples=20, deadline=None)
@given(later_schemas())
def test_every_field_of_the_newest_schema_is_a_column(later: Any) -> None:
    """No list of columns has to be kept: a field that a later schema adds reaches the insert."""
    fields = [field["name"] for field in later["fields"]]
    with newest_schema(SUBJECT, 990, later, {"new_text": rules.IDENTITY} if "new_text" in fields else {}):
        (block,) = StatusRows().read(status_batch(VALUES), 1).blocks
    assert isinstance(block, ColumnBlock)
    assert list(block.columns) == [*fields, "written_at", *ORIGIN]


def test_the_table_has_a_column_for_each_and_no_other(bench: SinkBench) -> None:
    """A field without a column would stop the sink, and a column without a field would stay empty for ever."""
    (block,) = StatusRows().read(status_batch(VALUES), 1).blocks
    assert isinstance(block, ColumnBlock)
    with session(bench.clickhouse) as client:
        columns = client.execute(
            "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'declaration_status'"
            " AND default_kind = ''"
        )
    assert {name for (name,) in columns} == set(block.columns)
