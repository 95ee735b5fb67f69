"""The working calendar against an oracle that walks minute by minute and knows the holidays from its own list."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.reference.calendar import WorkingCalendar, load_calendar
from schemas.reference.errors import OutsideCalendarError, ReferenceDataError
from schemas.reference.timeline import FIRST_MS
from schemas.reference.working_hours import load_working_hours, parse_working_hours

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
# Weekdays without work, by hand from the yearly announcements (2027: as far as the Labour Code gives them).
DAYS_OFF = {
    date(year, int(day[:2]), int(day[3:]))
    for year, days in {
        2019: "01-01 02-04 02-05 02-06 02-07 02-08 04-15 04-29 04-30 05-01 09-02",
        2020: "01-01 01-23 01-24 01-27 01-28 01-29 04-02 04-30 05-01 09-02",
        2021: "01-01 02-10 02-11 02-12 02-15 02-16 04-21 04-30 05-03 09-02 09-03",
        2022: "01-03 01-31 02-01 02-02 02-03 02-04 04-11 05-02 05-03 09-01 09-02",
        2023: "01-02 01-20 01-23 01-24 01-25 01-26 05-01 05-02 05-03 09-01 09-04",
        2024: "01-01 02-08 02-09 02-12 02-13 02-14 04-18 04-29 04-30 05-01 09-02 09-03",
        2025: "01-01 01-27 01-28 01-29 01-30 01-31 04-07 04-30 05-01 05-02 09-01 09-02",
        2026: "01-01 01-02 02-16 02-17 02-18 02-19 02-20 04-27 04-30 05-01 08-31 09-01 09-02 11-24",
        2027: "01-01 02-04 02-05 02-08 02-09 02-10 04-16 04-30 05-03 09-02 09-03 11-24",
    }.items()
    for day in days.split()
}
WORKED_SATURDAYS = {
    date(2019, 1, 5),
    date(2019, 5, 4),
    date(2024, 5, 4),
    date(2025, 4, 26),
    date(2026, 1, 10),
    date(2026, 8, 22),
}
TET = [date(2019, 2, 5), date(2020, 1, 25), date(2023, 1, 22), date(2025, 1, 29), date(2027, 2, 6)]

OVERTIME = """
[[period]]
valid_from = 2019-01-01
weekdays = [1, 2, 3, 4, 5]
windows = [["07:30", "11:30"], ["13:00", "16:30"]]
confidence = "U"
source = "test"

[[overtime]]
office = "03EE"
valid_from = 2020-04-01
valid_to = 2020-06-01
weekdays = [5, 6]
windows = [["11:00", "14:00"], ["22:00", "24:00"]]
on_days_off = true
confidence = "U"
source = "test"
"""


def ms(text: str) -> int:
    """Epoch milliseconds of a local time."""
    return round(datetime.fromisoformat(text).replace(tzinfo=VIETNAM).timestamp() * 1000)


def local(at_ms: int) -> str:
    """Local time to the minute."""
    return datetime.fromtimestamp(at_ms / 1000, VIETNAM).strftime("%Y-%m-%d %H:%M")


def is_worked(moment: datetime) -> bool:
    """Whether the oracle sees work in the minute that begins at a local moment."""
    day = moment.date()
    if day in DAYS_OFF or (moment.weekday() >= 5 and day not in WORKED_SATURDAYS):
        return False
    minute = moment.hour * 60 + moment.minute
    return 450 <= minute < 690 or 780 <= minute < 990


def walked_ms(start: int, end: int) -> int:
    """Worked milliseconds between two instants, minute by minute."""
    total = 0
    for minute in range(start // 60_000, -(-end // 60_000)):
        if is_worked(datetime.fromtimestamp(minute * 60, VIETNAM)):
            total += min(end, minute * 60_000 + 60_000) - max(start, minute * 60_000)
    return total


def near(day: date) -> st.SearchStrategy[int]:
    """Instants within a week of a day."""
    middle = ms(f"{day}T00:00")
    return st.integers(middle - 7 * 86_400_000, middle + 7 * 86_400_000)


EDGES = st.builds(
    lambda day, edge, off: ms("2019-01-02T00:00") + day * 86_400_000 + edge * 60_000 + off,
    st.integers(0, 3270),
    st.sampled_from([0, 450, 690, 780, 990]),
    st.integers(-90_000, 90_000),
)
INSTANTS = st.one_of(
    EDGES, st.integers(ms("2019-01-01T00:00"), ms("2027-12-24T00:00")), st.sampled_from(TET).flatmap(near)
)
SPANS = st.integers(0, 6 * 86_400_000)


@settings(max_examples=200, deadline=None)
@given(INSTANTS, SPANS)
def test_minutes_equal_the_walk(start: int, span: int) -> None:
    """Elapsed working minutes equal a count minute by minute, with seconds on both sides, around Tết too."""
    expected = walked_ms(start, start + span) // 60_000
    calendar = load_calendar()
    assert calendar.working_minutes_between(start, start + span) == expected
    assert calendar.working_minutes_between(start + span, start) == -expected


@settings(max_examples=60, deadline=None)
@given(INSTANTS, st.integers(1, 900))
def test_added_minutes_end_at_the_first_instant(start: int, minutes: int) -> None:
    """By the instant returned the minutes have been worked, and a millisecond before they had not."""
    end = load_calendar().add_working_minutes(start, minutes)
    assert walked_ms(start, end) == minutes * 60_000
    assert is_worked(datetime.fromtimestamp((end - 1) / 1000, VIETNAM))


@settings(max_examples=80, deadline=None)
@given(INSTANTS, st.integers(1, 20))
def test_added_days_equal_the_walk(start: int, days: int) -> None:
    """A deadline in days ends at 24:00 of the n-th worked day after the day of the start."""
    day, left = datetime.fromtimestamp(start / 1000, VIETNAM).date(), days
    while left:
        day += timedelta(days=1)
        left -= is_worked(datetime(day.year, day.month, day.day, 8, tzinfo=VIETNAM))
    if day.year <= 2027:
        assert load_calendar().add_working_days(start, days) == ms(f"{day + timedelta(days=1)}T00:00")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(INSTANTS, INSTANTS), min_size=0, max_size=50), st.sampled_from([None, "03EE"]))
def test_columns_equal_single_calls(pairs: list[tuple[int, int]], office: str | None) -> None:
    """The column variant gives what single calls give, negative spans and overtime included."""
    calendar = WorkingCalendar(parse_working_hours(OVERTIME))
    column = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    together = calendar.working_ms_between_many(column[:, 0], column[:, 1], office)
    whole = [abs(worked) // 60_000 * (-1 if worked < 0 else 1) for worked in together.tolist()]
    assert whole == [calendar.working_minutes_between(a, b, office) for a, b in pairs]


def test_every_day_of_2019_to_2027_is_as_announced() -> None:
    """Exactly the announced weekdays are off and Saturdays worked: a new `holidays` release cannot slip by."""
    calendar = load_calendar()
    day = date(2019, 1, 1)
    while day < date(2028, 1, 1):
        worked = day in WORKED_SATURDAYS or (day.weekday() < 5 and day not in DAYS_OFF)
        assert calendar.is_working_day(ms(f"{day}T12:00")) == worked, day
        day += timedelta(days=1)


@pytest.mark.parametrize("day", ["2020-04-02", "2020-04-30", "2020-05-01"])
def test_spring_holidays_of_2020_are_off(day: str) -> None:
    """Hùng Kings' day (10th of the 3rd lunar month), 30 April and 1 May 2020 carry no working minute."""
    assert load_calendar().working_minutes_between(ms(f"{day}T00:00"), ms(f"{day}T23:59")) == 0


def test_limit_of_the_document_check_runs_over_a_long_weekend() -> None:
    """Two working hours from 16:00 on 29 April 2020 end on Monday 4 May, for two holidays and a weekend lie between."""
    assert local(load_calendar().add_working_minutes(ms("2020-04-29T16:00"), 120)) == "2020-05-04 09:00"


def test_limit_used_up_at_noon_ends_at_noon() -> None:
    """A limit whose last minute is the last of the morning does not slip to the afternoon."""
    assert local(load_calendar().add_working_minutes(ms("2020-06-01T09:30"), 120)) == "2020-06-01 11:30"


def test_zero_minutes_end_at_the_start() -> None:
    """Adding nothing gives the start itself, worked or not."""
    assert load_calendar().add_working_minutes(ms("2020-06-06T03:00"), 0) == ms("2020-06-06T03:00")


def test_fifteen_working_days_before_tet() -> None:
    """A feedback of 15 January 2020 is due on 12 February: Tết took five working days from the fifteen."""
    assert local(load_calendar().add_working_days(ms("2020-01-15T10:00"), 15)) == "2020-02-13 00:00"


def test_seconds_are_not_rounded_away() -> None:
    """59.999 s are no minute, 60 s are one, wherever in the minute they begin."""
    start = ms("2020-06-01T08:00:30")
    assert load_calendar().working_minutes_between(start, start + 59_999) == 0
    assert load_calendar().working_minutes_between(start, start + 60_000) == 1


def test_overtime_counts_once_and_for_its_office_only() -> None:
    """Overtime that overlaps regular hours is counted once, on holidays as the rule says, and nowhere else."""
    calendar = WorkingCalendar(parse_working_hours(OVERTIME))
    friday, holiday = ms("2020-05-08T00:00"), ms("2020-05-01T00:00")
    day = 86_400_000
    assert calendar.working_minutes_between(friday, friday + day, "03EE") == 450 + 90 + 120
    assert calendar.working_minutes_between(holiday, holiday + day, "03EE") == 180 + 120
    assert calendar.working_minutes_between(friday, friday + day, "03CC") == 450
    assert calendar.working_minutes_between(ms("2020-06-05T00:00"), ms("2020-06-06T00:00"), "03EE") == 450


def test_overtime_makes_no_working_day() -> None:
    """A worked Saturday of overtime does not shorten a deadline in days."""
    calendar = WorkingCalendar(parse_working_hours(OVERTIME))
    assert local(calendar.add_working_days(ms("2020-05-08T10:00"), 1)) == "2020-05-12 00:00"


def test_hours_change_with_their_period() -> None:
    """New hours hold from their first day, old ones before it; deadlines in days end at 24:00 whatever the hours."""
    later = OVERTIME.split("[[overtime]]", maxsplit=1)[0].replace("2019-01-01", "2021-01-04").replace("16:30", "17:00")
    calendar = WorkingCalendar(parse_working_hours(OVERTIME + later))
    assert local(calendar.add_working_minutes(ms("2020-12-31T08:00"), 390)) == "2020-12-31 16:00"
    assert local(calendar.add_working_minutes(ms("2021-01-04T08:00"), 450)) == "2021-01-04 17:00"
    assert local(calendar.add_working_days(ms("2020-12-30T10:00"), 1)) == "2021-01-01 00:00"
    assert local(calendar.add_working_days(ms("2020-12-30T10:00"), 2)) == "2021-01-05 00:00"


@pytest.mark.parametrize("at", [0, ms("2018-12-31T23:59"), ms("2032-01-01T00:01"), 2**61])
def test_times_outside_the_calendar_are_refused(at: int) -> None:
    """Every question about a time outside 2019-2031 raises: a wrong number would be worse."""
    calendar, inside = load_calendar(), ms("2020-06-01T08:00")
    assert not calendar.covers(at)
    for ask in (
        lambda: calendar.working_minutes_between(inside, at),
        lambda: calendar.working_ms_between_many(np.array([inside]), np.array([at])),
        lambda: calendar.add_working_days(at, 1),
        lambda: calendar.add_working_minutes(at, 1),
        lambda: calendar.is_working_day(at),
    ):
        with pytest.raises(OutsideCalendarError):
            ask()


def test_the_edges_of_the_calendar_belong_to_it() -> None:
    """The first and the last instant can be asked about, and deadlines beyond the end raise."""
    calendar, end = load_calendar(), ms("2032-01-01T00:00")
    assert ms("2019-01-01T00:00") == FIRST_MS
    whole = calendar.working_minutes_between(FIRST_MS, end)
    assert calendar.working_ms_between_many(np.array([FIRST_MS]), np.array([end])).tolist() == [whole * 60_000]
    assert calendar.add_working_minutes(FIRST_MS, whole) == ms("2031-12-31T16:30")
    with pytest.raises(OutsideCalendarError):
        calendar.add_working_minutes(FIRST_MS, whole + 1)
    with pytest.raises(OutsideCalendarError):
        calendar.add_working_days(end - 1, 1)


def test_senseless_amounts_are_refused() -> None:
    """Negative minutes and deadlines of no days are faults of the caller."""
    with pytest.raises(ValueError, match="negative"):
        load_calendar().add_working_minutes(ms("2020-06-01T08:00"), -1)
    with pytest.raises(ValueError, match="at least 1"):
        load_calendar().add_working_days(ms("2020-06-01T08:00"), 0)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("valid_from = 2019-01-01", "valid_from = 2020-01-01", "a period must hold from 2019-01-01"),
        ('"11:30"]', '"07:00"]', "windows must be in order"),
        ('"13:00"', '"11:00"', "windows must be in order"),
        ('"16:30"', '"24:30"', "not a time"),
        ("[1, 2, 3, 4, 5]", "[1, 1, 9]", "weekdays must be"),
        ('confidence = "U"', 'confidence = "X"', "none of C, P, U"),
        ('office = "03EE"', 'ofice = "03EE"', "unknown ofice"),
        ("valid_to = 2020-06-01", "valid_to = 2020-03-01", "must lie after"),
        ("on_days_off = true", "on_days_off = 1", "true or false"),
        ("[[period]]", "[[period", "Expected"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(old: str, new: str, problem: str) -> None:
    """Each fault in the hours file raises ReferenceDataError that names file and problem."""
    with pytest.raises(ReferenceDataError, match=problem) as caught:
        parse_working_hours(OVERTIME.replace(old, new))
    assert caught.value.file == "working_hours.toml"


def test_a_day_cannot_be_both_off_and_worked() -> None:
    """Contradicting exceptions are refused."""
    entry = '\n[[{}]]\ndate = 2020-07-01\nname = "x"\nconfidence = "U"\nsource = "test"\n'
    with pytest.raises(ReferenceDataError, match="both"):
        parse_working_hours(OVERTIME + entry.format("day_off") + entry.format("working_day"))


def test_exceptions_of_the_file_beat_the_library() -> None:
    """A holiday of the library that the file lists as worked is worked, and the other way round."""
    entry = '\n[[{}]]\ndate = {}\nname = "x"\nconfidence = "U"\nsource = "test"\n'
    text = OVERTIME + entry.format("working_day", "2020-05-01") + entry.format("day_off", "2024-05-04")
    calendar = WorkingCalendar(parse_working_hours(text))
    assert calendar.is_working_day(ms("2020-05-01T12:00"))
    assert not calendar.is_working_day(ms("2024-05-04T12:00"))


def test_shipped_rules_hold_no_invented_overtime() -> None:
    """The shipped file sets no overtime, for none is confirmed, and its periods are in order."""
    hours = load_working_hours()
    assert hours.overtime == ()
    assert all(a.valid_from < b.valid_from for a, b in pairwise(hours.periods))


def test_viet_nam_keeps_one_offset() -> None:
    """The fixed offset of the code agrees with the time-zone database on every day of the calendar."""
    days = (datetime(2019, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(13 * 366))
    assert {day.astimezone(VIETNAM).utcoffset() for day in days} == {timedelta(hours=7)}
