"""Cumulative working time: the milliseconds worked since the calendar began.

Working time between two instants is then a subtraction, and a deadline is the inverse function.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from schemas.reference.errors import OutsideCalendarError
from schemas.reference.validity import DAY_MS, day_start_ms, epoch_day, local_day
from schemas.reference.working_hours import FIRST_YEAR, LAST_YEAR, Windows, WorkingHours, merged

MINUTE_MS = 60_000
FIRST_DAY = epoch_day(date(FIRST_YEAR, 1, 1))
END_DAY = epoch_day(date(LAST_YEAR + 1, 1, 1))
FIRST_MS = day_start_ms(FIRST_DAY)
END_MS = day_start_ms(END_DAY)

Int64Array = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Working time of one office (or of all that have no overtime) over the years of the calendar.

    Attributes:
        windows: For each day since FIRST_DAY its windows, as (start, length) in milliseconds after local midnight.
        before: For each day the milliseconds worked before it, and one last element for the total.
        before_array: `before` as an array.
        kind: For each day the row of `starts` and `lengths` with its windows.
        starts: Starts of windows by kind of day; short rows are padded with zeros.
        lengths: Lengths of windows by kind of day; padding has length 0.
    """

    windows: list[Windows]
    before: list[int]
    before_array: Int64Array
    kind: Int64Array
    starts: Int64Array
    lengths: Int64Array

    def worked(self, at_ms: int) -> int:
        """Milliseconds worked from the start of the calendar to an instant (epoch milliseconds, UTC).

        Raises:
            OutsideCalendarError: The instant lies outside the calendar.
        """
        if not FIRST_MS <= at_ms <= END_MS:
            raise _outside()
        since = at_ms - FIRST_MS
        day = since // DAY_MS
        total = self.before[day]
        if day < len(self.windows):
            time_of_day = since - day * DAY_MS
            for start, length in self.windows[day]:
                into = time_of_day - start
                if into <= 0:
                    break
                total += min(into, length)
        return total

    def worked_many(self, at_ms: Int64Array) -> Int64Array:
        """`worked` for a column. Raises OutsideCalendarError when any instant lies outside."""
        if at_ms.size and (at_ms.min() < FIRST_MS or at_ms.max() > END_MS):
            raise _outside()
        day, time_of_day = np.divmod(at_ms - FIRST_MS, DAY_MS)
        kind = self.kind[day]
        total = self.before_array[day]
        for n in range(self.starts.shape[1]):
            total = total + np.clip(time_of_day - self.starts[kind, n], 0, self.lengths[kind, n])
        return total

    def instant(self, worked_ms: int) -> int:
        """The first instant (epoch milliseconds, UTC) at which `worked_ms`, above 0, have been worked.

        Raises:
            OutsideCalendarError: The calendar ends before.
        """
        if worked_ms > self.before[-1]:
            raise _outside()
        day = bisect_left(self.before, worked_ms) - 1
        left = worked_ms - self.before[day]
        for start, length in self.windows[day]:
            if left <= length:
                return FIRST_MS + day * DAY_MS + start + left
            left -= length
        raise AssertionError("`before` and `windows` disagree")


def _outside() -> OutsideCalendarError:
    return OutsideCalendarError(f"working time is known from {FIRST_YEAR} to {LAST_YEAR} only")


def _weekday(day: int) -> int:
    return (day + 3) % 7 + 1  # 1 January 1970 was a Thursday


def _regular(hours: WorkingHours, day: int) -> Windows:
    """Regular windows of a day in minutes; none on days off."""
    index = bisect_right([period.valid_from for period in hours.periods], day) - 1
    period = hours.periods[index]
    if day in hours.days_off or (_weekday(day) not in period.weekdays and day not in hours.working_days):
        return ()
    return period.windows


def regular_days(hours: WorkingHours) -> list[Windows]:
    """Regular windows (minutes) of every day of the calendar."""
    return [_regular(hours, day) for day in range(FIRST_DAY, END_DAY)]


def _with_overtime(hours: WorkingHours, office: str, regular: list[Windows]) -> list[Windows]:
    rules = [rule for rule in hours.overtime if rule.office == office]
    days: list[Windows] = []
    for day, windows in enumerate(regular, FIRST_DAY):
        day_off = day in hours.days_off
        extra = [w for rule in rules if rule.applies(day, _weekday(day), day_off=day_off) for w in rule.windows]
        days.append(merged([*windows, *extra]) if extra else windows)
    return days


def build_timeline(hours: WorkingHours, regular: list[Windows], office: str | None) -> Timeline:
    """The timeline of an office with its overtime, or of regular hours for None."""
    days = regular if office is None else _with_overtime(hours, office, regular)
    kinds = {windows: n for n, windows in enumerate(dict.fromkeys(days))}
    scaled = [tuple((a * MINUTE_MS, (b - a) * MINUTE_MS) for a, b in windows) for windows in kinds]
    starts = np.zeros((len(kinds), max(1, *map(len, scaled))), dtype=np.int64)
    lengths = np.zeros_like(starts)
    for n, windows in enumerate(scaled):
        for k, (start, length) in enumerate(windows):
            starts[n, k], lengths[n, k] = start, length
    kind = np.array([kinds[windows] for windows in days], dtype=np.int64)
    before = np.concatenate(([0], np.cumsum(lengths.sum(axis=1)[kind]))).astype(np.int64)
    return Timeline(
        windows=[scaled[n] for n in kind.tolist()],
        before=before.tolist(),
        before_array=before,
        kind=np.append(kind, kinds.get((), 0)),  # the instant at which the calendar ends belongs to no day
        starts=starts,
        lengths=lengths,
    )


def local_day_index(at_ms: int) -> int:
    """Index of the local day of an instant, from the first day of the calendar; it may lie outside."""
    return local_day(at_ms) - FIRST_DAY
