"""The working calendar: elapsed working time and deadlines. Every time is an argument; no clock is read.

All instants are epoch milliseconds in UTC; days are local days of Viet Nam. The calendar knows the years 2019 to 2031
and raises OutsideCalendarError outside them; call `covers` first when a time comes from outside.

A limit in days follows the Civil Code 2015 (as quoted on thuvienphapluat.vn; paragraphs numbered in their order):

* Art. 147.2, 147.3: the first day, that of the event, is not counted.
* Art. 148.1, 148.6: it ends with its last day, at 24:00, not with the working time of that day.
* Art. 148.5: where that day is a day off, it ends with the next working day.

24:00 is the first instant of the next day; `last_instant` gives one that still belongs to the day.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cache, cached_property

from schemas.reference.errors import OutsideCalendarError
from schemas.reference.timeline import (
    END_MS,
    FIRST_MS,
    MINUTE_MS,
    Int64Array,
    Timeline,
    build_timeline,
    local_day_index,
    regular_days,
)
from schemas.reference.validity import DAY_MS
from schemas.reference.working_hours import Windows, WorkingHours, load_working_hours


def last_instant(end_ms: int) -> int:
    """The last instant before the end of a limit. That of 24:00 belongs to the day that ends then."""
    return end_ms - 1


class WorkingCalendar:
    """Working time of customs offices.

    It measures two kinds of time. Legal limits of procedure steps run in working minutes, which include the overtime of
    an office. Deadlines of feedback run in regular working days, the same for every office. Work after closing time,
    outside registered overtime, is not counted.

    Arrays are computed at the first call (some milliseconds for each office with overtime). Make that first call from
    one thread; afterwards the calendar is read-only.
    """

    def __init__(self, hours: WorkingHours) -> None:
        self._hours = hours
        self._offices = frozenset(rule.office for rule in hours.overtime)
        self._timelines: dict[str | None, Timeline] = {}

    @cached_property
    def _regular(self) -> list[Windows]:
        return regular_days(self._hours)

    @cached_property
    def _working_days(self) -> list[int]:
        return [day for day, windows in enumerate(self._regular) if windows]

    def _timeline(self, office: str | None) -> Timeline:
        key = self.overtime_of(office)
        found = self._timelines.get(key)
        if found is None:
            found = self._timelines[key] = build_timeline(self._hours, self._regular, key)
        return found

    def covers(self, at_ms: int) -> bool:
        """Whether the calendar contains an instant."""
        return FIRST_MS <= at_ms < END_MS

    def is_working_day(self, at_ms: int) -> bool:
        """Whether the local day of an instant is a regular working day.

        Raises:
            OutsideCalendarError: The instant lies outside the calendar.
        """
        if not self.covers(at_ms):
            raise OutsideCalendarError("the calendar does not know this day")
        return bool(self._regular[local_day_index(at_ms)])

    def working_minutes_between(self, start_ms: int, end_ms: int, office: str | None = None) -> int:
        """Whole working minutes from one instant to another.

        The milliseconds of [start, end) inside working windows are summed, divided by 60,000 and rounded towards zero,
        so minutes need not be aligned. When `end_ms` is before `start_ms`, the result is the negative of the swapped
        call.

        Args:
            start_ms: Begin, inclusive.
            end_ms: End, exclusive.
            office: Office whose overtime counts as well; None, or an office without overtime: regular hours only.

        Raises:
            OutsideCalendarError: One of them lies outside the calendar.
        """
        timeline = self._timeline(office)
        worked = timeline.worked(end_ms) - timeline.worked(start_ms)
        return worked // MINUTE_MS if worked >= 0 else -(-worked // MINUTE_MS)

    def overtime_of(self, office: str | None) -> str | None:
        """The office itself if it has overtime, else None: all offices without overtime share one timeline."""
        return office if office in self._offices else None

    def working_ms_between_many(
        self, start_ms: Int64Array, end_ms: Int64Array, office: str | None = None
    ) -> Int64Array:
        """Working milliseconds from one instant to another, for two columns of equal length.

        They are what `working_minutes_between` sums, negative where `end_ms` is before `start_ms`.

        Raises:
            OutsideCalendarError: Any instant lies outside the calendar: before `FIRST_MS`, or not before `END_MS`.
        """
        timeline = self._timeline(office)
        return timeline.worked_many(end_ms) - timeline.worked_many(start_ms)

    def add_working_minutes(self, start_ms: int, minutes: int, office: str | None = None) -> int:
        """The instant at which `minutes` working minutes have passed since `start_ms`.

        The earliest such instant: a limit that ends with the last minute of the morning ends then, not when the
        afternoon begins. With 0 minutes it is `start_ms` itself.

        Raises:
            ValueError: `minutes` is negative.
            OutsideCalendarError: Start or result lies outside the calendar.
        """
        if minutes < 0:
            raise ValueError("minutes must not be negative")
        timeline = self._timeline(office)
        worked = timeline.worked(start_ms)
        return start_ms if minutes == 0 else timeline.instant(worked + minutes * MINUTE_MS)

    def add_working_days(self, start_ms: int, days: int) -> int:
        """The deadline of `days` working days: 24:00 of the n-th regular working day after the day of the start.

        The day of the start never counts, whether or not it is worked. Overtime makes no working day.

        Raises:
            ValueError: `days` is below 1.
            OutsideCalendarError: Start or result lies outside the calendar.
        """
        if days < 1:
            raise ValueError("days must be at least 1")
        return self._end_of(bisect_right(self._working_days, local_day_index(start_ms)) + days - 1, start_ms)

    def add_calendar_days(self, start_ms: int, days: int) -> int:
        """The deadline of `days` calendar days: 24:00 of the n-th day after the day of the start.

        Where that day is no regular working day, 24:00 of the next one that is.

        Raises:
            ValueError: `days` is below 1.
            OutsideCalendarError: Start or result lies outside the calendar.
        """
        if days < 1:
            raise ValueError("days must be at least 1")
        return self._end_of(bisect_left(self._working_days, local_day_index(start_ms) + days), start_ms)

    def _end_of(self, index: int, start_ms: int) -> int:
        """24:00 of a working day, by its number, for a limit that began at `start_ms`."""
        if not self.covers(start_ms) or index >= len(self._working_days):
            raise OutsideCalendarError("the calendar does not reach this deadline")
        return FIRST_MS + (self._working_days[index] + 1) * DAY_MS

    def working_days_between(self, start_ms: int, end_ms: int) -> int:
        """Regular working days after the day of `start_ms` up to and with the day of `end_ms`; 0 when it is not later.

        Raises:
            OutsideCalendarError: One of them lies outside the calendar.
        """
        if not (self.covers(start_ms) and self.covers(end_ms)):
            raise OutsideCalendarError("the calendar does not know this day")
        low, high = (bisect_right(self._working_days, local_day_index(at)) for at in (start_ms, end_ms))
        return max(0, high - low)

    def calendar_days_between(self, start_ms: int, end_ms: int) -> int:
        """Local midnights between two instants; 0 when `end_ms` is not later."""
        return max(0, local_day_index(end_ms) - local_day_index(start_ms))

    def working_morning(self, at_ms: int, days_before: int) -> int:
        """Start of work on the n-th regular working day before the day on which a limit ends, for reminders.

        Raises:
            OutsideCalendarError: The instant or the result lies outside the calendar.
        """
        last = last_instant(at_ms)
        index = bisect_left(self._working_days, local_day_index(last)) - days_before
        if not self.covers(last) or index < 0:
            raise OutsideCalendarError("the calendar does not know this day")
        day = self._working_days[index]
        return FIRST_MS + day * DAY_MS + self._regular[day][0][0] * MINUTE_MS


@cache
def load_calendar() -> WorkingCalendar:
    """The calendar of `data/working_hours.toml`. Raises ReferenceDataError when the file is broken."""
    return WorkingCalendar(load_working_hours())
