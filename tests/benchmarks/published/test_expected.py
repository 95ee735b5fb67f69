from __future__ import annotations

from pathlib import Path

import pytest
from support.published_rows import write_published_rows

from benchmarks.published import helpdesk, olist
from benchmarks.published.differences import compare
from benchmarks.published.expected import Expected, Table
from benchmarks.published.history import local_ms
from benchmarks.published.results import QUESTIONS
from benchmarks.published.working_time import WorkingTime

A, B, C = 10000000000, 10000000001, 10000000002
"""The three orders, as declarations."""


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Table]:
    """What the invented orders imply."""
    write_published_rows(tmp_path)
    return Expected(olist.events(tmp_path)).tables()


def test_facts_hold_the_declaration_as_of_the_rating(tables: dict[str, Table]) -> None:
    """By hand: a check of two hours, one ended by the cancellation, and a review from before the order."""
    columns = QUESTIONS["facts"].columns
    offices = {
        key[0]: dict(zip(columns, row, strict=True)) for key, row in tables["facts"].items() if key[2] == "OFFICE"
    }
    joined = ("state", "status", "status_count", "document_minutes", "clearance_minutes", "on_time")
    assert {declaration: tuple(row[name] for name in joined) for declaration, row in offices.items()} == {
        A: ("MATCHED", "CLEARED", 4, 120, 240, True),
        B: ("MATCHED", "CANCELLED", 3, 0, 60, True),
        C: ("UNMATCHED", "", 0, None, None, None),
    }


def test_low_scores_open_complaints(tables: dict[str, Table]) -> None:
    """By hand: limits of 5 and 15 working days, and priority for the lowest score with a text."""
    times = [local_ms(text) for text in ("2021-07-05 15:00:00", "2021-07-13 00:00:00", "2021-07-27 00:00:00")]
    assert tables["complaints"][A, "review-1", "BRSP"] == ("OPENED", times[0], 1, 3, *times[1:], "SCORE_1_WITH_TEXT")
    assert [key[0] for key in tables["complaints"]] == [A]  # C is not verified


def test_figures_by_month(tables: dict[str, Table]) -> None:
    """By hand: counts by office and month, and a response rate, all without the unmatched review."""
    assert tables["satisfaction by month"]["OFFICE", "BRSP", "BRSP", "2021-07-01"] == (1, 0, 0, 0, 0)
    assert tables["opinions by month"] == {("BRSP", "2021-07-01"): (1, 0, 1), ("BRRJ", "2021-07-01"): (1, 1, 0)}
    assert tables["response rates"] == {("BRSP", "2021-07-01"): (2, 1), ("BRRJ", "2021-07-01"): (1, 1)}
    assert tables["processing times"]["BRSP", "2021-07-01", "DOCUMENT_CHECK"] == (1, 120, 1.0)


def test_a_check_that_ended_before_it_began_takes_no_time(tables: dict[str, Table]) -> None:
    """Order C was picked up before its approval: its check ended for good before it began, and takes no time."""
    assert tables["step times"][C, "DOCUMENT_CHECK", local_ms("2021-07-07 10:00:00")] == (0,)


def test_inspections_and_unrated_declarations(tmp_path: Path) -> None:
    """By hand: an inspection of 90 whole minutes; a cleared ticket with a survey is not unrated."""
    write_published_rows(tmp_path)
    found = Expected(helpdesk.events(tmp_path)).tables()
    assert found["step times"][30000000007, "GOODS_INSPECTION", local_ms("2023-03-06 09:00:00")] == (90,)
    assert found["unrated declarations"] == {}
    assert found["declarations"][(30000000008,)][0] == "CHANNEL_ASSIGNED"


def test_alerts_are_recounted_over_their_windows(tmp_path: Path) -> None:
    """By hand: a window holds the panes that begin in it; its end is exclusive."""
    write_published_rows(tmp_path)
    expected = Expected(olist.events(tmp_path))
    monday, tuesday, pane = local_ms("2021-07-05 15:00:00"), local_ms("2021-07-06 09:00:00"), 300_000
    windows = [
        ("one", "BRSP", monday, tuesday),
        ("two", "BRSP", monday, tuesday + pane),
        ("none", "BRRJ", monday, monday),
    ]
    assert list(expected.alerts(windows).values()) == [(1, 1, 1, 1), (1, 1, 1, 1), (0, 0, 0, 0)]
    assert expected.alert_targets(windows) == {
        ("one", "STEP", "DOCUMENT_CHECK"): (1, 1),
        ("two", "STEP", "DOCUMENT_CHECK"): (1, 1),
    }


def test_working_time_knows_weekends_holidays_and_swaps() -> None:
    """The example of the documents: from 29 April 2020, 16:00, to 4 May, 09:00, are 120 working minutes."""
    calendar = WorkingTime()
    start = local_ms("2020-04-29 16:00:00")
    assert calendar.minutes(start, local_ms("2020-05-04 09:00:00")) == 120
    assert calendar.end_of_day_after(start, 15) == local_ms("2020-05-23 00:00:00")
    assert calendar.minutes(local_ms("2026-01-10 07:00:00"), local_ms("2026-01-10 12:00:00")) == 240


def test_every_kind_of_difference_is_found() -> None:
    """A missing row, an unexpected one and a changed value are counted, and shown as examples."""
    expected: Table = {("a",): (1, "x"), ("b",): (2, "x")}
    found: Table = {("b",): (3, "x"), ("c",): (4, "x")}
    result = compare("facts", ("n", "state"), expected, found)
    assert (result.missing, result.unexpected, dict(result.differing)) == (1, 1, {"n": 1})
    assert sorted(result.examples) == ["a: missing", "b: n is 3, expected 2", "c: not expected"]
    assert not result.agrees
    same = compare("facts", ("n", "state"), expected, dict(sorted(expected.items(), reverse=True)))
    assert same.agrees
    assert same.digest != result.digest
