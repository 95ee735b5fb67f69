"""The legal clock of a case: when a limit ends, with pauses.

A limit in days ends at 24:00 of the n-th day after the day on which it started (Civil Code 2015 Art. 147.3, 148.1,
148.5, 148.6; see `schemas.reference.calendar`), a limit in working hours with the n-th hour.

A pause does not count. In a limit in days, every day of the pause is left out, including its first and its last day:
the day of an event never counts, as at the start. A pause moves the end even when all days are used up and the end only
waits for the next working day: nobody is late because of the day on which work may resume.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from schemas.records.cases import CasePhase, Clock
from schemas.reference.calendar import WorkingCalendar
from schemas.reference.deadlines import Deadline, LimitUnit
from schemas.reference.errors import OutsideCalendarError
from schemas.reference.validity import DAY_MS


def if_known(instant: Callable[[], int]) -> int | None:
    """An instant computed by the calendar; None outside its years, which accepted events may come close to."""
    try:
        return instant()
    except OutsideCalendarError:
        return None


def limit_end(limit: Deadline, started_at: int, calendar: WorkingCalendar, extended_by: int = 0) -> int:
    """The end of a limit that started at an instant, extended in its own unit (working hours: in minutes).

    Raises:
        OutsideCalendarError: It lies outside the calendar.
    """
    if limit.unit == LimitUnit.WORKING_DAY:
        return calendar.add_working_days(started_at, limit.amount + extended_by)
    if limit.unit == LimitUnit.CALENDAR_DAY:
        return calendar.add_calendar_days(started_at, limit.amount + extended_by)
    return calendar.add_working_minutes(started_at, 60 * limit.amount + extended_by)


@dataclass(slots=True)
class CaseClock:
    """One limit of a case.

    Attributes:
        limit: The limit.
        track: Legal track.
        phase: What must be done within the limit.
        started_at: When it started.
        due_at: Its current end; during a pause, the end before the pause. None: outside the calendar.
        paused_at: Start of the current pause.
        extended_by: Time added by pauses, in days; for a limit in working hours, in minutes.
        met_at: When it was met.
        ended_at: When it stopped to matter.
    """

    limit: Deadline
    track: str
    phase: CasePhase
    started_at: int
    due_at: int | None = None
    paused_at: int | None = None
    extended_by: int = 0
    met_at: int | None = None
    ended_at: int | None = None
    _resumed_at: int = 0

    @property
    def open(self) -> bool:
        """Whether it is still to be met."""
        return self.met_at is None and self.ended_at is None

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        return self.open and self.paused_at is None and self.due_at is not None

    def passed(self, at: int) -> bool:
        """Whether its end lies before an instant. From then on it is missed, whatever happens later."""
        return self.due_at is not None and self.due_at < at

    def schedule(self, calendar: WorkingCalendar) -> None:
        """Compute the end. An end outside the calendar is ignored."""
        self.due_at = if_known(lambda: limit_end(self.limit, self.started_at, calendar, self.extended_by))

    def pause(self, at: int) -> None:
        """Pause the clock, unless its end has passed: late stays late."""
        if self.running and self.due_at is not None and at < self.due_at:
            self.paused_at = at

    def resume(self, at: int, calendar: WorkingCalendar) -> None:
        """End the pause, if there is one."""
        if self.paused_at is None:
            return
        self.extended_by += self._paused_amount(self.paused_at, at, calendar)
        self.paused_at, self._resumed_at = None, at
        self.schedule(calendar)

    def _paused_amount(self, start: int, end: int, calendar: WorkingCalendar) -> int:
        """Length of a pause in units of the limit; a day that was left out already is not counted twice."""
        if self.limit.unit == LimitUnit.WORKING_HOUR:
            return calendar.working_minutes_between(start, end)
        after = max(start - DAY_MS, self.started_at, self._resumed_at)
        if self.limit.unit == LimitUnit.WORKING_DAY:
            return calendar.working_days_between(after, end)
        return calendar.calendar_days_between(after, end)

    def reminders(self, days_before: tuple[int, ...], calendar: WorkingCalendar) -> list[int]:
        """Mornings on which to remind, after the start of the clock."""
        due_at = self.due_at
        if due_at is None:
            return []
        mornings = [if_known(partial(calendar.working_morning, due_at, days)) for days in days_before]
        return sorted(at for at in mornings if at is not None and self.started_at < at < due_at)

    def record(self) -> Clock:
        """The clock as `complaint-case` carries it."""
        return Clock(
            rule=self.limit.id,
            track=self.track,
            phase=self.phase,
            started_at=self.started_at,
            due_at=None if self.open and self.paused_at is not None else self.due_at,
            paused_at=self.paused_at,
            extended_by=self.extended_by,
            met_at=self.met_at,
            ended_at=self.ended_at,
        )
