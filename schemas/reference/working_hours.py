"""Working hours of each day: regular hours, holidays, exceptions, overtime of single offices.

Holidays and most swapped days come from the library `holidays`; `data/working_hours.toml` overrides it, and the file
of a site overrides both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise

import holidays

from schemas.reference.errors import ReferenceDataError
from schemas.reference.tables import data_text
from schemas.reference.toml_entries import TomlEntry, parse_toml
from schemas.reference.validity import epoch_day

FIRST_YEAR = 2019
LAST_YEAR = 2031

Windows = tuple[tuple[int, int], ...]
"""Worked parts of a day: [from, to) in minutes after local midnight, ordered and not touching."""

_FILE = "working_hours.toml"
PERIOD_VALUES = ("valid_from", "weekdays", "windows")
DAY_VALUES = ("date", "name")
OVERTIME_VALUES = ("office", "valid_from", "valid_to", "weekdays", "windows", "on_days_off")


@dataclass(frozen=True, slots=True)
class Period:
    """Regular hours from a day on, until the next period starts.

    Attributes:
        valid_from: First day (days since 1 January 1970, local).
        weekdays: Worked weekdays, 1 = Monday to 7 = Sunday.
        windows: Worked parts of such a day.
    """

    valid_from: int
    weekdays: frozenset[int]
    windows: Windows


@dataclass(frozen=True, slots=True)
class Overtime:
    """Extra hours of one office.

    Attributes:
        office: Office code.
        first_day: First day (days since 1 January 1970, local).
        end_day: First day after it; None when open.
        weekdays: On which weekdays.
        windows: The extra parts of such a day; overlaps with regular hours count once.
        on_days_off: Whether they also apply to public holidays and other days off.
    """

    office: str
    first_day: int
    end_day: int | None
    weekdays: frozenset[int]
    windows: Windows
    on_days_off: bool

    def applies(self, day: int, weekday: int, *, day_off: bool) -> bool:
        """Whether these hours are worked on a day."""
        within = self.first_day <= day and (self.end_day is None or day < self.end_day)
        return within and weekday in self.weekdays and (self.on_days_off or not day_off)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """All rules together.

    Attributes:
        periods: Regular hours, by their first day; the first one begins no later than the calendar.
        days_off: Days without regular work although their weekday is worked: holidays and days swapped away.
        working_days: Days worked although they are weekends or holidays.
        overtime: Extra hours of single offices.
    """

    periods: tuple[Period, ...]
    days_off: frozenset[int]
    working_days: frozenset[int]
    overtime: tuple[Overtime, ...]


@dataclass(frozen=True, slots=True)
class HourRules:
    """The entries of one file of working hours, before public holidays are added.

    Attributes:
        periods: Regular hours; no two begin on the same day.
        days_off: Days off (days since 1 January 1970, local).
        working_days: Worked days that would be free; none is also in `days_off`.
        overtime: Extra hours of single offices.
    """

    periods: tuple[Period, ...] = ()
    days_off: frozenset[int] = frozenset()
    working_days: frozenset[int] = frozenset()
    overtime: tuple[Overtime, ...] = ()

    def overridden_by(self, other: HourRules) -> HourRules:
        """These rules and others, which win: for the first day of a period, and for each day off or worked."""
        periods = {period.valid_from: period for period in (*self.periods, *other.periods)}
        return HourRules(
            periods=tuple(periods[day] for day in sorted(periods)),
            days_off=(self.days_off - other.working_days) | other.days_off,
            working_days=(self.working_days - other.days_off) | other.working_days,
            overtime=(*self.overtime, *other.overtime),
        )


def merged(windows: Sequence[tuple[int, int]]) -> Windows:
    """The union of windows, ordered and not touching."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(windows):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return tuple(out)


def _minute(entry: TomlEntry, value: object) -> int:
    parts = re.fullmatch(r"([01]\d|2[0-4]):([0-5]\d)", value) if isinstance(value, str) else None
    minute = -1 if parts is None else int(parts[1]) * 60 + int(parts[2])
    if not 0 <= minute <= 24 * 60:
        raise entry.fail(f"windows: {value!r} is not a time from 00:00 to 24:00")
    return minute


def _windows(entry: TomlEntry) -> Windows:
    found: list[tuple[int, int]] = []
    for pair in entry.items("windows"):
        if not isinstance(pair, list) or len(pair) != 2:
            raise entry.fail("windows: each must be [from, to]")
        found.append((_minute(entry, pair[0]), _minute(entry, pair[1])))
    ordered = all(start < end for start, end in found) and all(a[1] <= b[0] for a, b in pairwise(found))
    if not ordered:
        raise entry.fail("windows must be in order and must not overlap")
    return merged(found)


def _weekdays(entry: TomlEntry) -> frozenset[int]:
    days = frozenset(day for day in entry.items("weekdays") if isinstance(day, int) and 1 <= day <= 7)
    if len(days) != len(entry.items("weekdays")):
        raise entry.fail("weekdays must be different numbers from 1 (Monday) to 7 (Sunday)")
    return days


def read_period(entry: TomlEntry) -> Period:
    """The regular hours of one entry. Raises ReferenceDataError when a value is wrong."""
    return Period(epoch_day(entry.day("valid_from")), _weekdays(entry), _windows(entry))


def read_overtime(entry: TomlEntry) -> Overtime:
    """The overtime of one entry. Raises ReferenceDataError when a value is wrong."""
    validity = entry.validity()
    return Overtime(
        office=entry.text("office"),
        first_day=epoch_day(entry.day("valid_from")),
        end_day=None if validity.valid_to is None else epoch_day(validity.valid_to),
        weekdays=_weekdays(entry),
        windows=_windows(entry),
        on_days_off=entry.flag("on_days_off"),
    )


def read_day(entry: TomlEntry) -> int:
    """The day of one entry, as days since 1 January 1970. Raises ReferenceDataError when a value is wrong."""
    entry.text("name")
    return epoch_day(entry.day("date"))


@cache
def _public_holidays() -> tuple[frozenset[int], frozenset[int]]:
    """Days off and worked weekend days that the library `holidays` knows for Viet Nam."""
    known = holidays.country_holidays("VN", years=range(FIRST_YEAR, LAST_YEAR + 1))
    return frozenset(map(epoch_day, known)), frozenset(map(epoch_day, known.weekend_workdays))


def parse_rules(text: str) -> HourRules:
    """The rules of a TOML text.

    Raises:
        ReferenceDataError: An entry is wrong, two periods begin on one day, or a day is both off and worked.
    """
    document = parse_toml(_FILE, text)
    periods = sorted(map(read_period, document.entries("period", PERIOD_VALUES)), key=lambda period: period.valid_from)
    if any(a.valid_from == b.valid_from for a, b in pairwise(periods)):
        raise ReferenceDataError(_FILE, None, "two periods start on the same day")
    off, worked = (frozenset(map(read_day, document.entries(name, DAY_VALUES))) for name in ("day_off", "working_day"))
    if off & worked:
        raise ReferenceDataError(_FILE, None, "a date stands under both day_off and working_day")
    overtime = tuple(map(read_overtime, document.entries("overtime", OVERTIME_VALUES)))
    return HourRules(tuple(periods), off, worked, overtime)


def with_public_holidays(rules: HourRules) -> WorkingHours:
    """Rules together with the public holidays of Viet Nam.

    Raises:
        ReferenceDataError: No period covers the first year.
    """
    if not rules.periods or rules.periods[0].valid_from > epoch_day(date(FIRST_YEAR, 1, 1)):
        raise ReferenceDataError(_FILE, None, f"a period must hold from {FIRST_YEAR}-01-01 or before")
    known_off, known_worked = _public_holidays()
    return WorkingHours(
        periods=rules.periods,
        days_off=frozenset((known_off | rules.days_off) - rules.working_days),
        working_days=frozenset((known_worked | rules.working_days) - rules.days_off),
        overtime=rules.overtime,
    )


def parse_working_hours(text: str) -> WorkingHours:
    """The rules of a TOML text, together with the public holidays of Viet Nam.

    Raises:
        ReferenceDataError: An entry is wrong, a day is both off and worked, or no period covers the first year.
    """
    return with_public_holidays(parse_rules(text))


def load_rules() -> HourRules:
    """The rules of the data file. Raises ReferenceDataError when it is broken."""
    return parse_rules(data_text(_FILE))


def load_working_hours() -> WorkingHours:
    """The rules of the data file and the public holidays. Raises ReferenceDataError when the file is broken."""
    return with_public_holidays(load_rules())
