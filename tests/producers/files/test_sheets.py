from __future__ import annotations

import random
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.files import sheets
from producers.files.report import ParsedLine, fault
from producers.files.sheets import group_by_sheet

HEADER = "sheet_id,revision,declaration_no,submitted_at,phase,target,office,target_id,score,reason,comment\n"
SHEET = "s1,1,103000000010,2020-05-04T08:30:00+07:00,AFTER_CLEARANCE,"
AT = "2020-05-04T08:30:00+07:00"


def row(declaration: str, sheet: str, revision: int, team: str, at: str = AT) -> str:
    """One score of a team."""
    return f"{sheet},{revision},{declaration},{at},AFTER_CLEARANCE,TEAM,03CC,{team},4,,"


def teams(outbox: Any) -> dict[tuple[str, str, int], list[str]]:
    """The rated teams of each sheet that was sent."""
    return {
        (record["declaration_no"], record["sheet_id"], record["revision"]): [
            item["target_id"] for item in record["items"]
        ]
        for record in outbox.records
    }


def test_a_sheet_is_the_rows_with_its_id_and_revision(outbox: Any) -> None:
    """Consecutive rows become one rating with their items in order; the next revision is another one."""
    rows = [
        SHEET + 'OFFICE,03CC,03CC,4,,"two\nlines, ""quoted"""',
        SHEET + "TEAM,03CC,01,5,,",
        SHEET.replace("s1,1", "s1,2") + "OFFICE,03CC,03CC,5,,",
    ]
    report = outbox.publish(outbox.file("a.csv", HEADER + "\n".join(rows)))
    assert [(record["sheet_id"], record["revision"], len(record["items"])) for record in outbox.records] == [
        ("s1", 1, 2),
        ("s1", 2, 1),
    ]
    assert outbox.records[0]["comment"] == 'two\nlines, "quoted"'
    assert [item["score"] for item in outbox.records[0]["items"]] == [4, 5]
    assert (report.read, report.sent) == (2, 2)


def test_rows_sorted_by_time_make_the_sheets_that_the_contract_means(outbox: Any) -> None:
    """Rows of sheets are mixed, one sheet id stands on two declarations, one sheet has two revisions: five sheets."""
    first, second = "103000000010", "103000000020"
    rows = [
        row(first, "s1", 1, "01"),
        row(second, "s1", 1, "02"),
        row(first, "s2", 1, "03"),
        row(first, "s1", 1, "04"),
        row(first, "s1", 2, "05", "2020-05-05T08:30:00+07:00"),
        row(second, "s1", 1, "06"),
        row(second, "s2", 1, "07"),
        row(first, "s2", 1, "08"),
        row(first, "s1", 2, "09", "2020-05-05T08:30:00+07:00"),
    ]
    report = outbox.publish(outbox.file("a.csv", HEADER + "\n".join(rows)))
    assert not outbox.rejections
    assert report.sent == 5
    assert teams(outbox) == {
        (first, "s1", 1): ["01", "04"],
        (first, "s2", 1): ["03", "08"],
        (first, "s1", 2): ["05", "09"],
        (second, "s1", 1): ["02", "06"],
        (second, "s2", 1): ["07"],
    }


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("xyz"), st.sampled_from("12")), max_size=60))
def test_any_order_of_rows_gives_the_same_groups(keys: list[tuple[str, str, str]]) -> None:
    """Whatever the order, each group holds exactly the rows with its declaration, sheet and revision, in order."""
    expected: dict[tuple[str, str, str], list[int]] = {}
    for number, key in enumerate(keys):
        expected.setdefault(key, []).append(number)
    rows = (
        ParsedLine(
            number, {"declaration_no": one * 12, "sheet_id": sheet, "revision": revision, "target_id": str(number)}
        )
        for number, (one, sheet, revision) in enumerate(keys)
    )
    found = {}
    for event in group_by_sheet(rows):
        fields: Any = event.fields
        key = (fields["declaration_no"][0], fields["sheet_id"], str(fields["revision"]))
        found[key] = [int(item["target_id"]) for item in fields["items"]]
    assert found == {key: numbers[:51] for key, numbers in expected.items()}


def test_an_amended_number_is_the_same_sheet(outbox: Any) -> None:
    """The 12th digit is no part of the identity: rows that differ in it contradict each other."""
    rows = [row("103000000010", "s1", 1, "01"), row("103000000011", "s1", 1, "02")]
    outbox.publish(outbox.file("a.csv", HEADER + "\n".join(rows)))
    assert outbox.faults == [(2, "declaration_no")]
    assert not outbox.sent


def test_a_row_without_its_declaration_continues_the_row_before_it(outbox: Any) -> None:
    """The sheet's values may be left out after the first row, also where another declaration has the same sheet id."""
    rows = [
        row("103000000010", "s1", 1, "01"),
        row("", "s1", 1, "02", ""),
        row("103000000020", "s1", 1, "03"),
        row("", "s1", 1, "04", ""),
    ]
    outbox.publish(outbox.file("a.csv", HEADER + "\n".join(rows)))
    assert teams(outbox) == {("103000000010", "s1", 1): ["01", "02"], ("103000000020", "s1", 1): ["03", "04"]}


def test_a_row_that_may_belong_to_two_declarations_costs_both_sheets(outbox: Any) -> None:
    """Nobody guesses: both sheets are rejected with what to write, and a third one is sent."""
    rows = [
        row("103000000010", "s1", 1, "01"),
        row("103000000020", "s1", 1, "02"),
        row("103000000030", "s2", 1, "03"),
        row("", "s1", 1, "04"),
    ]
    outbox.publish(outbox.file("a.csv", HEADER + "\n".join(rows)))
    assert teams(outbox) == {("103000000030", "s2", 1): ["03"]}
    assert sorted(outbox.faults) == [(2, "declaration_no"), (3, "declaration_no")]
    assert "must be in every row" in outbox.rejections[0].rule


def test_nothing_of_a_sheet_with_a_bad_row_is_sent(outbox: Any) -> None:
    """One bad score rejects the whole sheet; its neighbours are sent."""
    rows = [SHEET.replace("s1", name) + f"OFFICE,03CC,03CC,{score},," for name, score in (("s0", 5), ("s1", 5))]
    rows += [SHEET + "TEAM,03CC,01,six,,", SHEET.replace("s1", "s2") + "OFFICE,03CC,03CC,5,,"]
    outbox.publish(outbox.file("a.csv", HEADER + "\n".join(rows)))
    assert [record["sheet_id"] for record in outbox.records] == ["s0", "s2"]
    assert outbox.faults == [(3, "items[1].score")]


def test_rows_of_a_sheet_must_agree(outbox: Any) -> None:
    """A contradiction rejects the sheet with the column and the line; another sheet is sent."""
    rows = [row("103000000010", "s1", 1, "01"), row("103000000010", "s1", 1, "02", "2020-05-05T08:30:00+07:00")]
    outbox.publish(outbox.file("a.csv", HEADER + "\n".join([*rows, row("103000000010", "s2", 1, "01")])))
    assert [record["sheet_id"] for record in outbox.records] == ["s2"]
    assert outbox.faults == [(2, "submitted_at")]
    assert "line 3" in outbox.rejections[0].rule


def test_an_unreadable_row_rejects_the_sheets_it_may_belong_to(outbox: Any) -> None:
    """A row without its cells could be part of the sheet before or after it: neither is sent half."""
    rows = [SHEET.replace("s1", f"s{n}") + "OFFICE,03CC,03CC,5,," for n in range(4)]
    rows.insert(2, "s1,1,103")
    report = outbox.publish(outbox.file("a.csv", HEADER + "\n".join(rows)))
    assert [record["sheet_id"] for record in outbox.records] == ["s0", "s3"]
    assert sorted(outbox.faults) == [(3, "line"), (4, "line"), (5, "line")]
    assert report.read == report.sent + report.rejected == 5


@given(st.randoms(use_true_random=False), st.integers(1, 40), st.integers(1, 3))
def test_no_half_sheet_is_ever_sent(order: random.Random, sheets_count: int, bad: int) -> None:
    """Rows in an order that mixes sheets, some of them unreadable: every sheet that is sent has all of its rows."""
    rows = [(sheet, item) for sheet in range(sheets_count) for item in range(3)]
    order.shuffle(rows)
    rows = [(-1, 0), (-2, 0), (-1, 1), (-2, 1), (-1, 2), (-2, 2), *rows]  # else a file may look as if nothing was mixed
    broken = set(order.sample(range(4, len(rows)), min(bad, len(rows) - 4)))
    lines = (
        ParsedLine(n, None, [fault("line", "is broken")])
        if n in broken
        else ParsedLine(n, {"declaration_no": "1" * 12, "sheet_id": f"s{rows[n][0]}", "revision": "1", "score": "5"})
        for n in range(len(rows))
    )
    for event in group_by_sheet(lines):
        fields: Any = event.fields
        assert fields is None or len(fields["items"]) == 3


def test_a_row_that_comes_too_late_is_refused_with_advice(outbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a sheet was already sent, its late row is rejected and says how to send the whole sheet."""
    monkeypatch.setattr(sheets, "MAX_ROWS_APART", 20)
    far = [row("103000000010", f"t{n}", 1, "01") for n in range(40)]
    rows = [row("103000000010", "s1", 1, "01"), *far, row("103000000010", "s1", 1, "02")]
    outbox.publish(outbox.file("a.csv", HEADER + "\n".join(rows)))
    assert outbox.faults == [(43, "sheet_id")]
    assert "next revision" in outbox.rejections[0].rule
    assert len(outbox.sent) == 41


def test_giant_cells_do_not_fill_the_memory(outbox: Any) -> None:
    """What waits for more rows is bounded in characters too, and giant ids are not remembered."""
    giants = "".join(f"{n}{'x' * 100_000},1,,,,,,,,,\n" for n in range(300))
    path = outbox.file("a.csv", HEADER + giants)
    tracemalloc.start()
    report = outbox.publish(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (report.rejected, report.sent) == (300, 0)
    assert peak < 14_000_000


def test_a_sheet_without_end_does_not_fill_the_memory(outbox: Any) -> None:
    """Thirty thousand rows of one sheet are one rejected sheet, and take no memory."""
    path = outbox.file("a.csv", HEADER + (row("103000000010", "s1", 1, "01") + "\n") * 30_000)
    tracemalloc.start()
    report = outbox.publish(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (report.read, report.rejected) == (1, 1)
    assert peak < 2_500_000
