"""Months are provisional until their limits have ended; then they are stored once, and what changes later is shown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from sinks.clickhouse.score_closing import close_month, month_standing

pytestmark = pytest.mark.servers

MAY = date(2024, 5, 1)
STORED = "unit_level, unit, criterion, numerator, denominator, ratio, points, basis, measured, known_until"
HOUR = timedelta(hours=1)


def at(month: int, day: int, hour: int = 9, year: int = 2024) -> datetime:
    """An instant by its local time."""
    return datetime(year, month, day, hour, tzinfo=UTC) - 7 * HOUR


def register(client: Any, number: int, month: int) -> None:
    """A green declaration of an office."""
    client.execute(
        "INSERT INTO declaration_status (event_id, declaration_no, status, occurred_at, office, row_version, log_epoch)"
        " VALUES",
        [(f"r{number}", f"1{number:010}0", "REGISTERED", at(month, 6), "03EE", 1, 1)],
    )


def rate(client: Any, number: int, when: datetime, score: int) -> None:
    """A sheet about it."""
    client.execute(
        "INSERT INTO rating (sheet_id, revision, declaration_no, submitted_at, lowest_score, row_version, log_epoch)"
        " VALUES",
        [(f"s{number}", 1, f"1{number:010}0", when, score, 1, 1)],
    )


def item(client: Any, number: int, due: datetime | None, version: int = 1, **columns: Any) -> None:
    """An item of feedback that was received on 20 May 2024; without an end its limit is paused."""
    start = at(5, 20)
    paused = start if due is None else None
    row = {
        "complaint_id": UUID(int=number),
        "office": "03EE",
        "track": "FEEDBACK",
        "state": "VERIFYING",
        "opened_at": start,
        "clocks": [("R", "FEEDBACK", "RESOLVE", start, due, paused, 0, columns.pop("met", None), None)],
        "row_version": version,
        "log_epoch": 1,
        **columns,
    }
    client.execute(f"INSERT INTO complaint_case ({', '.join(row)}) VALUES", [tuple(row.values())])


def stored(client: Any) -> list[tuple[Any, ...]]:
    """What was stored, without when."""
    found: list[tuple[Any, ...]] = client.execute(f"SELECT {STORED} FROM v_score_closed ORDER BY ALL")
    return found


def test_a_month_is_stored_once_when_its_last_limit_has_ended(database: Any) -> None:
    """A pause keeps it provisional; what came after the last limit is not in it; closing it again changes nothing."""
    register(database, 1, 5)
    item(database, 1, at(6, 11, 0), met=at(6, 3))
    item(database, 2, None)
    assert close_month(database, MAY).standing == "PROVISIONAL"
    assert (month_standing(database, MAY).unsettled, stored(database)) == (1, [])
    item(database, 2, at(6, 14, 0), version=2)
    before = month_standing(database, MAY)
    assert (before.standing, before.items, before.settles_at) == ("SETTLED", 2, at(6, 14, 0))
    rate(database, 1, at(7, 1), 1)  # too late for the stored score
    close_month(database, MAY)
    first = stored(database)
    figures = {row[2]: row[3:5] for row in first if row[0] == "OFFICE" and row[3] is not None}
    assert figures == {"2.1": (1, 1), "5.2": (1, 2), "5.3": (1, 2), "5.4": (1, 1)}
    assert {row[-1] for row in first} == {at(6, 14, 0) + timedelta(milliseconds=1)}
    item(database, 2, at(6, 14, 0), version=3, met=at(6, 13))
    assert close_month(database, MAY).standing == "CLOSED"
    assert stored(database) == first


def test_the_same_is_stored_whenever_a_month_is_closed(database: Any) -> None:
    """Without the stored rows a later closing, which knows more, stores them again as they were."""
    register(database, 1, 5)
    item(database, 1, at(6, 11, 0), met=at(6, 3))
    close_month(database, MAY)
    first = stored(database)
    database.execute("TRUNCATE TABLE closed_score")
    rate(database, 1, at(6, 20), 1)
    close_month(database, MAY)
    assert first
    assert stored(database) == first


def test_what_changed_since_is_shown_as_such(database: Any) -> None:
    """A late rating and an entry stand beside what was stored; an open month has no changes."""
    register(database, 1, 5)
    register(database, 2, 4)
    item(database, 1, at(6, 11, 0), met=at(6, 3))
    close_month(database, MAY)
    query = (
        "SELECT criterion, closed_numerator, numerator, closed_points, points FROM v_score_changes(period = 'MONTH', "
        "day = '{}') WHERE unit_level = 'OFFICE' AND changed ORDER BY criterion"
    )
    assert database.execute(query.format("2024-05-31")) == []
    rate(database, 1, at(6, 20), 1)
    database.execute(
        "INSERT INTO score_entry (period, period_start, unit_level, unit, criterion, points, source) VALUES",
        [("MONTH", MAY, "OFFICE", "03EE", "1.1", 5, "a test")],
    )
    found = database.execute(query.format("2024-05-31"))
    assert found == [("1.1", None, None, None, 5), ("5.4", 1, 0, 6, 0)]
    assert database.execute(query.format("2024-04-01")) == []


def test_a_month_that_is_not_over_is_provisional(database: Any) -> None:
    """Even without any item."""
    assert month_standing(database, date(2031, 1, 1)).standing == "PROVISIONAL"
    assert month_standing(database, date(2020, 1, 1)).standing == "SETTLED"
