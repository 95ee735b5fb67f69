"""The legal clock of a case: when a limit ends, with pauses.

A limit in days ends with the n-th day after the day on which it began, a limit in working hours with the n-th hour.
What lies in a pause does not count: of a limit in days every day on which it stood still, the first and the last
included; so the day of an event never counts, as at the start. A pause that begins when the days are used up and the
end only waits for a working day moves it as well: nobody is late because of the day on which he may go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from processors.domain.cases.policy import CaseCalendar, LegalLimit
from schemas.records import CasePhase, Clock
from schemas.reference.deadlines import LimitUnit
from schemas.reference.errors import OutsideCalendarError
from schemas.reference.validity import DAY_MS


def if_known(instant: Callable[[], int]) -> int | None:
    """An instant of the calendar; None outside its years: accepted events come close to both ends of them."""
    try:
        return instant()
    except OutsideCalendarError:
        return None


@dataclass(slots=True)
class CaseClock:
    """One limit of a case while the case is folded.

    Attributes:
        limit: The limit.
        track: Legal track.
        phase: What is asked for.
        started_at: When it began to run.
        due_at: Its end as it stands; while it is paused the end it had. None: beyond the calendar.
        paused_at: Since when it is paused.
        extended_by: What pauses added; days, of a limit in working hours minutes.
        met_at: When it was met.
        ended_at: When it ceased to matter.
    """

    limit: LegalLimit
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

    def schedule(self, calendar: CaseCalendar) -> None:
        """Work out its end; one that no calendar knows binds nobody."""
        self.due_at = if_known(lambda: self._end(calendar))

    def _end(self, calendar: CaseCalendar) -> int:
        if self.limit.unit == LimitUnit.WORKING_DAY:
            return calendar.add_working_days(self.started_at, self.limit.amount + self.extended_by)
        if self.limit.unit == LimitUnit.CALENDAR_DAY:
            return calendar.add_calendar_days(self.started_at, self.limit.amount + self.extended_by)
        return calendar.add_working_minutes(self.started_at, 60 * self.limit.amount + self.extended_by)

    def pause(self, at: int) -> None:
        """Stop it, unless it has ended: who is late stays late."""
        if self.running and self.due_at is not None and at < self.due_at:
            self.paused_at = at

    def resume(self, at: int, calendar: CaseCalendar) -> None:
        """Let it go on."""
        if self.paused_at is None:
            return
        self.extended_by += self._still(self.paused_at, at, calendar)
        self.paused_at, self._resumed_at = None, at
        self.schedule(calendar)

    def _still(self, start: int, end: int, calendar: CaseCalendar) -> int:
        """How much of the limit's unit a pause takes; a day that is out already is not taken twice."""
        if self.limit.unit == LimitUnit.WORKING_HOUR:
            return calendar.working_minutes_between(start, end)
        after = max(start - DAY_MS, self.started_at, self._resumed_at)
        if self.limit.unit == LimitUnit.WORKING_DAY:
            return calendar.working_days_between(after, end)
        return calendar.calendar_days_between(after, end)

    def reminders(self, days_before: tuple[int, ...], calendar: CaseCalendar) -> list[int]:
        """Mornings on which to remind of it; only those after its start."""
        due_at = self.due_at
        if due_at is None:
            return []
        mornings = [if_known(partial(calendar.working_morning, due_at, days)) for days in days_before]
        return sorted(at for at in mornings if at is not None and self.started_at < at < due_at)

    def record(self) -> Clock:
        """As it stands in `complaint-case`."""
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
