"""The days of the scenario and the working time of its offices, in epoch milliseconds UTC.

The calendar is fixed here, not read from `schemas/reference`, so that a change of reference data never changes the
bytes of the scenario.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import numpy as np

from producers.simulator.draws import MINUTE_MS, Int64s

LOCAL = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Local time of every office: UTC+7 without summer time."""

HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

FIRST_DAY = date(2020, 4, 1)
DAYS = 57
DAYS_UNTIL_MAY_6 = 36
HOLIDAYS = frozenset({date(2020, 4, 2), date(2020, 4, 30), date(2020, 5, 1)})
"""Hùng Kings' day, Reunification day, Labour day."""

_WINDOWS = (("07:30", "11:30"), ("13:00", "16:30"))
_CALENDAR_START = FIRST_DAY - timedelta(days=7)
_CALENDAR_DAYS = 180


def local_ms(day: date, time: str = "00:00") -> int:
    """The instant of a local wall-clock time, epoch milliseconds."""
    return round(datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=LOCAL).timestamp()) * 1000


START_MS = local_ms(FIRST_DAY)
MAY_6_END_MS = START_MS + DAYS_UNTIL_MAY_6 * DAY_MS
VERSION_2_MS = local_ms(date(2020, 5, 15))
END_MS = START_MS + DAYS * DAY_MS


def is_working(day: date) -> bool:
    """Whether offices are open on this day of 2020."""
    return day.weekday() < 5 and day not in HOLIDAYS


class WorkingClock:
    """Converts between instants and working time, for many instants at once."""

    def __init__(self) -> None:
        days = [_CALENDAR_START + timedelta(days=n) for n in range(_CALENDAR_DAYS)]
        windows = [(local_ms(day, a), local_ms(day, b)) for day in days if is_working(day) for a, b in _WINDOWS]
        self._starts, ends = np.array(windows, dtype=np.int64).T
        self._lengths = ends - self._starts
        self._before = np.cumsum(self._lengths) - self._lengths

    def worked(self, moments: Int64s) -> Int64s:
        """Working milliseconds from the start of the calendar to each instant."""
        window = np.searchsorted(self._starts, moments, side="right") - 1
        inside = np.clip(moments - self._starts[window], 0, self._lengths[window])
        total: Int64s = self._before[window] + inside
        return total

    def after(self, moments: Int64s, working_ms: Int64s) -> Int64s:
        """The instants at which this much working time has passed.

        Args:
            moments: Starts, inside or outside working time.
            working_ms: Working milliseconds to add, at least 1.
        """
        target = self.worked(moments) + working_ms
        window = np.searchsorted(self._before, target, side="left") - 1
        moved: Int64s = self._starts[window] + target - self._before[window]
        return moved
