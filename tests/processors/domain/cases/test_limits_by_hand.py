"""Ends of limits worked out by hand, each with the article that says so. CC is the Civil Code 2015."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.cases import OPENED, action, case_context, complaint
from support.events import at

from processors.domain.cases.clocks import CaseClock
from processors.domain.cases.replay import replay_case
from schemas.records.cases import CasePhase
from schemas.reference.calendar import load_calendar
from schemas.reference.deadlines import LimitUnit, load_deadlines

HOUR, WORKED, DAY = LimitUnit.WORKING_HOUR, LimitUnit.WORKING_DAY, LimitUnit.CALENDAR_DAY

ENDS = [
    ("CC 147.3: the day of the event, a Monday, is not counted", WORKED, 1, "2026-09-07 09:00", "2026-09-09 00:00"),
    ("CC 147.3: nor is it after hours", WORKED, 1, "2026-09-07 23:59", "2026-09-09 00:00"),
    ("CC 147.3: 00:00 belongs to the day that begins", WORKED, 1, "2026-09-08 00:00", "2026-09-10 00:00"),
    ("CC 148.6: at 24:00, not with working time", WORKED, 5, "2026-09-07 09:00", "2026-09-15 00:00"),
    ("CC 147.3: from a Saturday, Monday is the first day", WORKED, 1, "2026-09-12 10:00", "2026-09-15 00:00"),
    ("a Saturday that is worked counts", WORKED, 1, "2026-08-21 10:00", "2026-08-23 00:00"),
    ("31 August to 2 September 2026 are days off", WORKED, 1, "2026-08-28 10:00", "2026-09-04 00:00"),
    ("CC 148.1, 148.6: the tenth day, a Friday, at 24:00", DAY, 10, "2026-06-30 10:00", "2026-07-11 00:00"),
    ("CC 148.5: from a Saturday to the next Monday, 24:00", DAY, 5, "2026-09-07 09:00", "2026-09-15 00:00"),
    ("CC 148.5: over public holidays to Thursday, 24:00", DAY, 10, "2026-08-21 09:00", "2026-09-04 00:00"),
    ("CC 147.1: hours run from their event", HOUR, 2, "2026-09-07 15:30", "2026-09-08 08:30"),
    ("CC 147.1: hours end with the last of them", HOUR, 2, "2026-09-07 14:00", "2026-09-07 16:00"),
]


@pytest.mark.parametrize(("article", "unit", "amount", "start", "due"), ENDS, ids=lambda value: str(value)[:60])
def test_a_limit_ends_as_the_law_says(article: str, unit: LimitUnit, amount: int, start: str, due: str) -> None:
    """Days end at 24:00 of the last day, or of the next working day; hours with the last hour."""
    limit = replace(load_deadlines().get("RESOLVE", 0), unit=unit, amount=amount)
    clock = CaseClock(limit, "FEEDBACK", CasePhase.RESOLVE, at(start))
    clock.schedule(load_calendar())
    assert clock.due_at == at(due), article


@pytest.mark.parametrize(
    ("resolved", "late"),
    [
        ("2026-09-28 16:30", 0),
        ("2026-09-28 17:30", 0),
        ("2026-09-28 23:59", 0),
        ("2026-09-29 00:00", 0),
        ("2026-09-29 00:01", 1),
    ],
)
def test_what_is_done_on_the_last_day_is_in_time(resolved: str, late: int) -> None:
    """Opened on Monday 7 September, fifteen working days end on Monday 28 September at 24:00 (CC 148.6)."""
    done = [action("VERIFY", at("2026-09-08 09:00")), action("RESOLVE", at(resolved))]
    found = replay_case(complaint(at(OPENED)), done, case_context(), at(resolved)).case
    assert found is not None
    assert found.overdue == late
