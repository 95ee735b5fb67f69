"""The message of a refused value says what probably happened to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

STATUS: dict[str, Any] = {
    "event_id": "e1",
    "declaration_no": "103000000010",
    "status": "REGISTERED",
    "occurred_at": "2020-05-04T08:30:00+07:00",
    "office": "03CC",
}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"declaration_no": "1.03E+11"}, "made a decimal number of it"),
        ({"declaration_no": "1,03E+11"}, "made a decimal number of it"),
        ({"declaration_no": "103000000010.0"}, "made a decimal number of it"),
        ({"declaration_no": 103000000010}, "write it as text, in quotes"),
        ({"declaration_no": "10300000001"}, "the 12th digit is missing"),
        ({"tax_code": "200100107"}, "leading zero is missing"),
        ({"office": "03cc"}, "lower-case letters"),
        ({"office": " 03CC"}, "begins or ends with a blank"),
        ({"status": "Registered"}, "lower-case letters"),
        ({"occurred_at": "04/05/2020 08:30"}, "form of a spreadsheet"),
        ({"occurred_at": "2020-05-04T08:30:00"}, "a local time: in Vietnam write +07:00"),
        ({"occurred_at": 1588555800}, "in seconds"),
        ({"occurred_at": "1588555800"}, "in seconds"),
        ({"occurred_at": 1588555800000000}, "in microseconds"),
        ({"occurred_at": 1588555800000000000}, "in nanoseconds"),
        ({"events": 1}, "did you mean event_id?"),
    ],
)
def test_the_likely_cause_stands_behind_the_rule(outbox: Any, changed: dict[str, Any], words: str) -> None:
    """The rule comes first, then the cause, never the value."""
    outbox.publish(outbox.file("a.jsonl", json.dumps({**STATUS, **changed}) + "\n"))
    (rejection,) = outbox.rejections
    assert "; " in rejection.rule
    assert words in rejection.rule
    assert "103000000010" not in rejection.rule


def test_the_cause_of_a_value_in_an_item_is_named(outbox: Any) -> None:
    """A column of scores with a gap in it becomes a column of decimals in pandas."""
    header = "sheet_id,revision,declaration_no,submitted_at,phase,target,office,target_id,score\n"
    row = "s1,1,103000000010,2020-05-04T08:30:00+07:00,AFTER_CLEARANCE,OFFICE,03CC,03CC,5.0\n"
    outbox.publish(outbox.file("a.csv", header + row))
    assert outbox.faults == [(2, "items[0].score")]
    assert "made a decimal number of it" in outbox.rejections[0].rule


@pytest.mark.parametrize("value", [10**400, -1, True, [1], {}, "x" * 1000, "9" * 4000, 1e300, "2020-13-45T00:00:00Z"])
@pytest.mark.parametrize("name", ["occurred_at", "tax_code", "declaration_no"])
def test_no_value_breaks_the_search_for_a_cause(outbox: Any, name: str, value: Any) -> None:
    """Whatever stands there, the line is rejected and the next one is sent."""
    outbox.publish(outbox.file("a.jsonl", json.dumps({**STATUS, name: value}) + "\n" + json.dumps(STATUS)))
    assert outbox.faults == [(1, name)]
    assert len(outbox.sent) == 1


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("e1,103000000010,REGISTERED,2020-05-04T08:30:00+07:00", "is the line cut"),
        ("e1,103000000010,REGISTERED,2020-05-04T08:30:00+07:00,03CC,1,2", "a comma into double quotes"),
        ("e1;103000000010;REGISTERED;2020-05-04T08:30:00+07:00;03CC;01", "separated by a semicolon, the header's by"),
        ('e1,103000000010,REGISTERED,"2020"x,03CC,01', "stray double quote"),
        (f"e1,103000000010,REGISTERED,{'x' * 200_000},03CC,01", "a value of more than 131,072 characters"),
    ],
)
def test_a_row_that_is_no_row_says_why(outbox: Any, row: str, words: str) -> None:
    """Only that row is rejected; the others are sent."""
    header, good = f"{','.join(STATUS)},team\n", ",".join([*STATUS.values(), "01"]) + "\n"
    outbox.publish(outbox.file("a.csv", f"{header}{good}{row}\n{good}"))
    assert [rejection.line for rejection in outbox.rejections] == [3]
    assert words in outbox.rejections[0].rule
    assert len(outbox.sent) == 2
