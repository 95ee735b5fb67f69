from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import count, islice
from typing import Any

import pytest

from deploy.cli.results.lines import csv_lines, json_lines
from deploy.errors import Mistake

NAMES = ["a", "tên gọi"]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (None, ""),
        ("", '""'),
        ("x", "x"),
        ('say "no", twice', '"say ""no"", twice"'),
        ("two\nlines", '"two\nlines"'),
        (" edge", '" edge"'),
        (True, "true"),
        (2**200, str(2**200)),
        (0.1, "0.1"),
        (Decimal("1E+2"), "100"),
        (float("nan"), "nan"),
        (["x", None, Decimal("0.10")], '"[""x"", null, 0.10]"'),
        ({"k": 1.5}, '"{""k"": 1.5}"'),
    ],
)
def test_csv_fields_can_be_read_back(value: Any, field: str) -> None:
    """A field is quoted where it must be; no value and an empty text differ; nested values are JSON."""
    head, line = csv_lines(NAMES, [(value, 1)])
    assert head == "a,tên gọi\n"
    assert line == f"{field},1\n"
    [back] = csv.reader([line.removesuffix("\n")] if "\n" not in field else line.splitlines(keepends=True))
    assert back[1].strip() == "1"


def test_json_is_one_object_a_line_with_all_digits() -> None:
    """Types survive: numbers of any size, decimals as written, no number as null, text without escapes for letters."""
    row = ["Hải\n", 2**200, Decimal("1.10"), float("inf"), None, False, {"k": [1, "x"]}]
    names = ["text", "big", "decimal", "infinite", "nothing", "no", "nested"]
    [line] = json_lines(names, [row])
    assert '"decimal": 1.10,' in line
    assert "Hải" in line
    assert line.endswith("}\n")
    assert json.loads(line, parse_float=Decimal) == dict(zip(names, [*row[:3], None, *row[4:]], strict=True))


def test_json_refuses_columns_of_one_name() -> None:
    """An object would silently hold only the last of them."""
    with pytest.raises(Mistake, match="Several columns are named a"):
        list(json_lines(["a", "b", "a"], []))


@pytest.mark.parametrize("lines", [csv_lines, json_lines])
def test_rows_are_read_one_at_a_time(lines: Any) -> None:
    """A result without end can be printed: nothing waits for the last row."""
    rows: Iterator[tuple[int, str]] = ((number, "x") for number in count())
    assert len(list(islice(lines(NAMES, rows), 10))) == 10
