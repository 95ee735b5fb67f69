"""Legal clocks, held against a slow reference that walks day by day and minute by minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.events import at

from processors.domain.cases.clocks import CaseClock
from schemas.records.cases import CasePhase
from schemas.reference.calendar import last_instant, load_calendar
from schemas.reference.deadlines import Deadline, LimitUnit, load_deadlines

MINUTE = 60_000
DAY = timedelta(days=1)
CALENDAR = load_calendar()
FIRST = date(2024, 1, 1)
LAST = date(2028, 12, 31)


def limit_of(unit: LimitUnit, amount: int) -> Deadline:
    """A limit of any unit."""
    return replace(load_deadlines().get("RESOLVE", 0), unit=unit, amount=amount)


def local(ms: int) -> datetime:
    """Local time of an instant."""
    return datetime.fromtimestamp(ms / 1000, UTC).replace(tzinfo=None) + timedelta(hours=7)


def instant(day: date, minute: int) -> int:
    """The instant of a minute of a local day."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=7)
    return int(start.timestamp()) * 1000 + minute * MINUTE


def is_worked(day: date) -> bool:
    """Whether a local day is worked, as the calendar says it of noon."""
    return CALENDAR.is_working_day(instant(day, 720))


def slow_end(limit: Deadline, start: int, pauses: list[tuple[int, int]]) -> int:
    """End of a limit by walking: one day or one minute after the other, pauses left out."""
    if limit.unit is LimitUnit.WORKING_HOUR:
        left, minute = limit.amount * 60, start
        while left:
            paused = any(a <= minute < b for a, b in pauses)
            left -= 0 if paused else CALENDAR.working_minutes_between(minute, minute + MINUTE)
            minute += MINUTE
        return minute
    left, day = limit.amount, local(start).date()
    while left:
        # Whoever is paused after the last day that counts, while the end waits for a working day: see the clock's text.
        assume(
            left > 1 or limit.unit is LimitUnit.WORKING_DAY or not pauses or local(pauses[-1][0]).date() <= day + DAY
        )
        day += DAY
        paused = any(local(a).date() <= day <= local(b).date() for a, b in pauses)
        counts = limit.unit is LimitUnit.CALENDAR_DAY or is_worked(day)
        left -= counts and not paused
    while not is_worked(day):
        day += DAY
    return instant(day, 24 * 60)


starts = st.tuples(st.dates(FIRST, LAST - 200 * DAY), st.integers(0, 24 * 60 - 1)).map(lambda pair: instant(*pair))
limits = st.one_of(
    st.builds(limit_of, st.sampled_from((LimitUnit.WORKING_DAY, LimitUnit.CALENDAR_DAY)), st.integers(1, 45)),
    st.builds(limit_of, st.just(LimitUnit.WORKING_HOUR), st.integers(1, 12)),
)


gaps_between = st.lists(st.tuples(st.integers(1, 9 * 1440), st.integers(1, 20 * 1440), st.booleans()), max_size=2)


@settings(max_examples=150, deadline=None)
@given(limits, starts, gaps_between)
def test_a_limit_ends_where_a_slow_walk_ends(limit: Deadline, start: int, gaps: list[tuple[int, int, bool]]) -> None:
    """With any pauses, in five years with their Tết, an end is where a walk by days or minutes ends.

    Pauses end at any minute, or as a wait without a reply does, at 24:00 of a day: its last instant ends the pause.
    """
    clock = CaseClock(limit, "FEEDBACK", CasePhase.RESOLVE, start)
    clock.schedule(CALENDAR)
    pauses, moment = [], start
    for wait, length, whole_day in gaps:
        moment += wait * MINUTE
        end = moment + length * MINUTE
        if whole_day:
            end = last_instant(instant(local(end).date() + DAY, 0))
        clock.pause(moment)
        if clock.paused_at is not None:
            pauses.append((moment, end))
        clock.resume(end, CALENDAR)
        moment = end if not whole_day else end + 1
    assert clock.due_at == slow_end(limit, start, pauses)


def test_a_limit_over_tet_leaves_the_holidays_out() -> None:
    """Fifteen working days from 9 February 2026 end after Tết: 16 to 20 February are not worked."""
    clock = CaseClock(
        load_deadlines().get("RESOLVE", at("2026-02-09 10:00")), "FEEDBACK", CasePhase.RESOLVE, at("2026-02-09 10:00")
    )
    clock.schedule(CALENDAR)
    assert clock.due_at == at("2026-03-10 00:00")


@pytest.mark.parametrize(
    ("opened", "due"),
    [("2026-06-30 10:00", "2026-07-11 00:00"), ("2026-07-01 10:00", "2026-07-11 00:00")],
    ids=["law 02/2011", "law 136/2025"],
)
def test_the_law_of_the_day_on_which_it_begins_decides(opened: str, due: str) -> None:
    """Acceptance takes 10 days until 30 June 2026 and 7 working days from 1 July 2026 on."""
    limit = load_deadlines().get("COMPLAINT_ACCEPT", at(opened))
    clock = CaseClock(limit, "COMPLAINT", CasePhase.ACKNOWLEDGE, at(opened))
    clock.schedule(CALENDAR)
    assert clock.due_at == at(due)


def test_who_is_late_stays_late() -> None:
    """A pause after the end of a limit moves it no more."""
    clock = CaseClock(limit_of(LimitUnit.WORKING_DAY, 1), "FEEDBACK", CasePhase.RESOLVE, at("2026-09-07 10:00"))
    clock.schedule(CALENDAR)
    clock.pause(at("2026-09-09 10:00"))
    clock.resume(at("2026-09-15 10:00"), CALENDAR)
    assert clock.due_at == at("2026-09-09 00:00")


def test_an_end_beyond_the_calendar_binds_nobody() -> None:
    """A limit that would end after the last known year has no end instead of stopping the worker."""
    clock = CaseClock(limit_of(LimitUnit.CALENDAR_DAY, 90), "COMPLAINT", CasePhase.RESOLVE, at("2031-10-30 10:00"))
    clock.schedule(CALENDAR)
    assert (clock.due_at, clock.running) == (None, False)
