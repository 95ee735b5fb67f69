"""Working time as docs/reference-data.md describes it, computed from the library `holidays` alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate

import holidays

from benchmarks.published.history import LOCAL

_MS = 60_000
_DAY_MS = 86_400_000
_FIRST, _LAST = date(2019, 1, 1), date(2031, 12, 31)
_WINDOWS = (((7 * 60 + 30) * _MS, (11 * 60 + 30) * _MS), (13 * 60 * _MS, (16 * 60 + 30) * _MS))
_SWAPPED_OFF, _SWAPPED_ON = date(2026, 1, 2), date(2026, 1, 10)
"""The one swap that the library did not know."""


class WorkingTime:
    """Regular working minutes and days, 2019 to 2031."""

    def __init__(self) -> None:
        library = holidays.country_holidays("VN", years=range(_FIRST.year, _LAST.year + 1))
        days = [_FIRST + timedelta(days=number) for number in range((_LAST - _FIRST).days + 1)]
        self._works = [day == _SWAPPED_ON or (day != _SWAPPED_OFF and library.is_working_day(day)) for day in days]
        whole = sum(end - start for start, end in _WINDOWS)
        self._before = [0, *accumulate(whole * works for works in self._works)]
        self._origin = round(datetime.combine(_FIRST, time(), LOCAL).timestamp() * 1000)

    def minutes(self, start: int, end: int) -> int:
        """Whole working minutes between two times (epoch ms); 0 if the end is before the start."""
        return max(0, self._worked(end) - self._worked(start)) // _MS

    def end_of_day_after(self, at: int, days: int) -> int:
        """24:00 of the n-th working day after the day of a time (epoch ms)."""
        day = (at - self._origin) // _DAY_MS
        while days:
            day += 1
            days -= self._works[day]
        return self._origin + (day + 1) * _DAY_MS

    def _worked(self, at: int) -> int:
        day, moment = divmod(at - self._origin, _DAY_MS)
        today = sum(max(0, min(moment, end) - start) for start, end in _WINDOWS) if self._works[day] else 0
        return self._before[day] + today


def month_of(at: int) -> str:
    """The local month of a time (epoch ms), as its first day."""
    return f"{datetime.fromtimestamp(at / 1000, UTC).astimezone(LOCAL):%Y-%m}-01"
