from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from deploy.cli.results.plain import converters


def _naive(text: str) -> datetime:
    """As the driver reads a column that names no time zone."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("kind", "value", "plain"),
    [
        ("String", "Hải Phòng".encode(), "Hải Phòng"),
        ("String", b"a\xff\\", r"a\xff" + "\\"),
        ("FixedString(4)", b"ab\0\0", "ab"),
        ("LowCardinality(Nullable(String))", None, None),
        ("LowCardinality(String)", b"x", "x"),
        ("Enum8('RED' = 1, 'GREEN' = 2)", "RED", "RED"),
        ("UInt256", 2**255, 2**255),
        ("Bool", True, True),
        ("Bool", 0, False),
        ("Nullable(Bool)", None, None),
        ("Decimal(9, 2)", Decimal("1.25"), Decimal("1.25")),
        ("Nullable(Decimal(9, 2))", None, None),
        ("Float32", 0.10000000149011612, 0.1),
        ("Float32", 3.4028234663852886e38, 3.4028235e38),
        ("Float64", 0.1, 0.1),
        ("Date", date(2026, 11, 30), "2026-11-30"),
        ("DateTime", _naive("2026-11-30T08:00"), "2026-11-30T08:00:00+07:00"),
        ("DateTime('UTC')", datetime(2026, 11, 30, 8, tzinfo=UTC), "2026-11-30T08:00:00Z"),
        ("DateTime64(3, 'UTC')", datetime(2026, 11, 30, 8, tzinfo=UTC), "2026-11-30T08:00:00.000Z"),
        ("DateTime64(0)", _naive("2026-11-30T08:00"), "2026-11-30T08:00:00+07:00"),
        (
            "Nullable(DateTime64(6, 'Asia/Ho_Chi_Minh'))",
            datetime(2026, 11, 30, 8, 0, 0, 120, ZoneInfo("Asia/Ho_Chi_Minh")),
            "2026-11-30T08:00:00.000120+07:00",
        ),
        ("UUID", UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("Array(Nullable(DateTime64(3, 'UTC')))", [None], [None]),
        ("Array(Array(Date))", [[date(2026, 1, 2)], []], [["2026-01-02"], []]),
        ("Map(String, Array(String))", {b"a": [b"b"]}, {"a": ["b"]}),
        ("Map(UInt8, DateTime('UTC'))", {1: datetime(2026, 1, 2, tzinfo=UTC)}, {"1": "2026-01-02T00:00:00Z"}),
        ("Tuple(UInt8, String)", (1, b"x"), [1, "x"]),
        ("Tuple(name String, `low scores` UInt32)", (b"x", 3), {"name": "x", "low scores": 3}),
        ("Array(Tuple(rule String, at DateTime64(3, 'UTC')))", [], []),
        (
            "Array(Tuple(rule String, at DateTime64(3, 'UTC')))",
            [(b"r", datetime(2026, 1, 2, tzinfo=UTC))],
            [{"rule": "r", "at": "2026-01-02T00:00:00.000Z"}],
        ),
        ("SimpleAggregateFunction(max, DateTime)", _naive("2026-01-02"), "2026-01-02T00:00:00+07:00"),
        ("JSON", {"a": [1, {"b": b"c"}]}, {"a": [1, {"b": "c"}]}),
    ],
)
def test_values_become_plain(kind: str, value: Any, plain: Any) -> None:
    """Each type of ClickHouse becomes text, number, list or dict, at any depth, and times name their offset."""
    [convert] = converters([kind], "Asia/Ho_Chi_Minh")
    assert convert(value) == plain
    assert type(convert(value)) is type(plain)
