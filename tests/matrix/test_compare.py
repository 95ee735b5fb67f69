"""What `make matrix` calls a failure."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from matrix.answers import digest
from matrix.questions import condition
from matrix.run import EVERYTHING, compare


def test_rows_are_compared_in_any_order_and_moving_columns_left_out() -> None:
    """Order, the last digits of floats, times of storing and ids drawn by chance do not matter; all else does."""
    columns = ("name", "share", "stored_at", "alias")
    alias = UUID("f6a7dd04-1f5e-4c5b-9c1c-6a0f4d2b8f11"), UUID("0a7add04-1f5e-4c5b-9c1c-6a0f4d2b8f22")
    rows = [("a", 0.1, 1, alias[0]), ("b", 0.2, 2, alias[0])]
    same = [("b", 0.2 + 1e-12, 5, alias[1]), ("a", 0.1, 6, alias[1])]
    assert digest(rows, columns) == digest(same, columns)
    assert digest(rows, columns) != digest([("a", 0.1, 1, alias[0]), ("b", 0.3, 2, alias[0])], columns)
    assert digest(rows, columns) != digest(rows[:1], columns)


def test_each_view_that_fails_is_one_line() -> None:
    """Errors and other answers than the newest engine's are told once for each engine and view."""
    found = {
        "25.8": {("v_a", "SELECT *"): "failed: code 10: lost", ("v_a", "count()"): "failed: code 10: lost"},
        "26.3": {("v_a", "SELECT *"): "2 rows, 00", ("v_a", "count()"): "1 rows, 11"},
        "26.9": {("v_a", "SELECT *"): "2 rows, 01", ("v_a", "count()"): "1 rows, 11"},
    }
    assert compare(found) == [
        "25.8 v_a: SELECT *: code 10: lost | count(): code 10: lost",
        "26.3 v_a: SELECT *: 2 rows, 00; 26.9 has 2 rows, 01",
    ]
    assert compare({"26.9": found["26.9"]}) == []


def test_what_the_newest_engine_answers_and_another_does_not_is_missing() -> None:
    """A view that is only on some engines is a failure of the others."""
    found = {"25.8": {}, "26.9": {("v_a", "SELECT *"): "2 rows, 01"}}
    assert compare(found) == ["25.8 v_a: SELECT *: no answer; 26.9 has 2 rows, 01"]


def test_an_engine_that_does_not_start_is_one_line() -> None:
    """What could not be asked at all is not told again for every view, and a line names three failures at most."""
    newest = {(f"v_{name}", "SELECT *"): "1 rows, 00" for name in "abcde"}
    assert compare({"25.8": {EVERYTHING: "failed: no wheel"}, "26.9": newest}) == [
        "25.8 everything: start, migrate and insert: no wheel"
    ]
    failed = {("v_a", f"WHERE {name}"): "failed: x" for name in "abcde"}
    assert compare({"26.9": failed}) == ["26.9 v_a: WHERE a: x | WHERE b: x | WHERE c: x | and 2 more"]


def test_filters_are_on_values_of_the_column() -> None:
    """Filters are literals as people write them, and the same whatever the order of the rows."""
    assert condition("office", ["03CC", "03EE", "03AA"]) == condition("office", ["03EE", "03AA", "03CC"])
    assert condition("office", ["it's"]) == r"office = 'it\'s'"
    assert condition("day", [date(2020, 5, 1)]) == "day = '2020-05-01'"
    assert condition("closed_at", [None, None]) == "closed_at IS NULL"
    assert condition("reasons", [["SLOW"]]) == "notEmpty(reasons)"
