"""What is wrong with the names of columns is said once, before anything is sent."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

HEADER = "event_id,declaration_no,status,occurred_at,office"
ROW = "e1,103000000010,REGISTERED,2020-05-04T08:30:00+07:00,03CC"
STATUS = dict(zip(HEADER.split(","), ROW.split(","), strict=True))
RATING = "sheet_id,revision,declaration_no,submitted_at,phase,target,office,target_id,score"
TIME = "2020-05-04T08:30:00+07:00"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (HEADER.upper(), "file names columns EVENT_ID, DECLARATION_NO, STATUS, OCCURRED_AT, OFFICE: write event_id"),
        ("Event ID,declaration-no,status,occurred_at,office", "file names columns Event ID, declaration-no: write"),
        (f"{HEADER},region", "region is not a column of a status; leave it out, or pass over it with --ignore-unknown"),
        (f"{HEADER},teams", "teams is not a column of a status; did you mean team?"),
        (f"{HEADER},score", "score is not a column of a status; leave it out"),
        (f",{HEADER}", "file has a column without a name: pandas writes its row numbers there"),
        (f"{HEADER},{'x' * 100}", "column 6 is not a column of a status"),
        ("event_id,status,occurred_at", "file has no columns declaration_no, office, which a status must have"),
        (RATING.replace(",score", ""), "file has no column score, which a rating must have"),
        (f"{HEADER},office", "office is a column twice: name each column once"),
        (f"{HEADER},sheet_id", "file has columns of several kinds (event_id, sheet_id): split it, or give --kind"),
        (HEADER.replace(",", "\t").upper(), "file names columns EVENT_ID"),
    ],
)
def test_a_header_is_judged_once(outbox: Any, header: str, said: str) -> None:
    """A thousand rows below a wrong header give one message, which names the column."""
    report = outbox.publish(outbox.file("a.csv", f"{header}\n" + f"{ROW},x\n" * 1000))
    problems = [f"{rejection.field} {rejection.rule}" for rejection in outbox.rejections]
    assert len(problems) <= 2
    assert any(problem.startswith(said) for problem in problems)
    assert (report.read, report.sent, report.clean) == (0, 0, False)


def test_unknown_columns_are_passed_over_on_demand(outbox: Any) -> None:
    """With the option the events are sent without them, and the report names them."""
    content = f"{HEADER},region,,note\n{ROW},North,5,\n{ROW},South,,x\n"
    report = outbox.publish(outbox.file("a.csv", content), ignore_unknown=True)
    assert (report.sent, report.clean) == (2, True)
    assert report.files[0].ignored == {"region", "note", "(unnamed)"}


@pytest.mark.parametrize("header", [f"{HEADER},Team", f"{HEADER},office", "event_id,status,occurred_at,office"])
def test_passing_over_forgives_no_misspelt_repeated_or_missing_column(outbox: Any, header: str) -> None:
    """The option is for what is not ours: `Team` would otherwise be lost silently."""
    report = outbox.publish(outbox.file("a.csv", f"{header}\n{ROW},01\n"), ignore_unknown=True)
    assert not report.clean
    assert not outbox.sent


def test_unknown_json_fields_are_refused_or_passed_over(outbox: Any) -> None:
    """Each line is judged by itself; fields of items too; a name that may be somebody's is not repeated."""
    item = {"target": "OFFICE", "office": "03CC", "target_id": "03CC", "score": 5, "weight": 2}
    sheet = {
        "sheet_id": "s1", "revision": 1, "declaration_no": "103000000010", "submitted_at": TIME,
        "phase": "AFTER_CLEARANCE", "items": [item], "Nguyen Van A": 1,
    }  # fmt: skip
    lines = [STATUS, {**STATUS, "region": "N"}, {**STATUS, "Team": "01"}, sheet]
    path = outbox.file("a.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    outbox.publish(path)
    assert outbox.faults == [(2, "region"), (3, "(unnamed)"), (4, "items[0].weight"), (4, "(unnamed)")]
    assert "--ignore-unknown" in outbox.rejections[0].rule
    outbox.rejections.clear()
    report = outbox.publish(path, ignore_unknown=True)
    assert (report.sent, report.rejected) == (3, 1)
    assert outbox.faults == [(3, "(unnamed)")]
    assert report.files[0].ignored == {"region", "weight", "(unnamed)"}


def test_a_header_of_a_thousand_names_is_told_in_a_few(outbox: Any) -> None:
    """Neither messages nor time grow without bound with a hostile header."""
    outbox.publish(outbox.file("a.csv", ",".join([HEADER, *(f"event_i{n}" for n in range(900))]) + "\n"))
    assert len(outbox.rejections) == 20


def test_a_hostile_list_does_not_fill_the_memory(outbox: Any) -> None:
    """A line of a hundred thousand empty items is refused with the first few of its faults."""
    path = outbox.file("a.jsonl", '{"sheet_id": "s", "items": [' + "{}," * 100_000 + "{}]}\n")
    tracemalloc.start()
    outbox.publish(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(outbox.rejections) == 20
    assert peak < 16_000_000


def test_a_hostile_line_is_told_in_a_few(outbox: Any) -> None:
    """A line of many wrong fields has at most twenty rejections."""
    outbox.publish(outbox.file("a.jsonl", json.dumps({**STATUS, **{f"x{n}": n for n in range(50_000)}}) + "\n"))
    assert len(outbox.rejections) == 20
