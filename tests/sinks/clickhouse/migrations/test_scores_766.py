"""Decision 766 and the promised times in SQL against an independent computation, on the embedded ClickHouse."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from clickhouse_driver.errors import Error as DriverError
from support.score_tables import load_commitments, load_criteria, load_grades
from support.scores import Dossier, percent, points, worked_minutes

from schemas.reference.calendar import load_calendar

pytestmark = pytest.mark.servers

PARENTS = {"03CC": "03ZZ", "03PJ": "03ZZ", "01NV": "01ZZ"}
"""Offices of these tests and the departments above them in 2024."""
PERIODS = {
    ("MONTH", date(2024, 1, 1)): date(2024, 2, 1),
    ("MONTH", date(2024, 2, 1)): date(2024, 3, 1),
    ("MONTH", date(2024, 3, 1)): date(2024, 4, 1),
    ("QUARTER", date(2024, 1, 1)): date(2024, 4, 1),
    ("YEAR", date(2024, 1, 1)): date(2025, 1, 1),
}
NEVER = 2**60
HOUR = 3_600_000
WORKED = worked_minutes("03CC")


def midnight(day: date) -> int:
    """Epoch milliseconds of the beginning of a local day."""
    return int((datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=7)).timestamp() * 1000)


def moment(at: int | None) -> datetime | None:
    """As the driver takes it."""
    return None if at is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)


def dossiers(chance: random.Random, count: int) -> list[Dossier]:
    """Declarations of the first quarter of 2024 and the days around it, with gaps, doubles and late ends."""
    found = []
    for k in range(count):
        at = midnight(date(2023, 12, 30)) + chance.randrange(94 * 24 * HOUR)
        one = Dossier(10_000_000_000 + k, chance.choice(list(PARENTS)), [("REGISTERED", at, "")])
        channel = chance.choice(("GREEN", "YELLOW", "YELLOW", "RED"))

        def then(name: str, hours: float, odds: float = 1.0, channel: str = "", one: Dossier = one) -> None:
            if chance.random() < odds:
                last = max(when for _name, when, _channel in one.statuses)
                one.statuses.append((name, last + int(chance.expovariate(1 / hours) * HOUR), channel))

        then("CHANNEL_ASSIGNED", 0.3, 0.97, channel)
        for _ in range(chance.choice((0, 0, 0, 1, 2))):
            then("CUSTOMS_INSTRUCTION", 0.5)
            then("AMENDED_BY_DECLARANT", 5, 0.8)
        if channel != "GREEN":
            if chance.random() < 0.2:
                then("CHANNEL_ASSIGNED", 1, channel=chance.choice(("GREEN", "YELLOW")))
                then("CHANNEL_ASSIGNED", 1, channel="RED")
            then("DOCUMENTS_CHECKED", 2, 0.85)
        for _ in range(chance.choice((1, 1, 2)) if channel == "RED" else 0):
            then("INSPECTION_REQUIRED", 0.5)
            then(chance.choice(("GOODS_INSPECTED", "INSPECTION_WITHDRAWN")), 12, 0.8)
            then("DOCUMENTS_CHECKED", 2, 0.3)
        then(chance.choice(("RELEASED", "STORAGE_PERMITTED", "CLEARED")), 4, 0.9)
        then("CLEARED", 30, 0.5)
        then("CANCELLED", 10, 0.05)
        for _ in range(chance.choice((0, 0, 1, 2))):
            one.levels.append([chance.choice((1, 2, 3, 4, 5, 5, 5)) for _ in range(chance.choice((1, 1, 2)))])
        one.complained = chance.random() < 0.03
        found.append(one)
    return found


@dataclass(frozen=True)
class Item:
    """A case, as rows of complaint_case hold it; instants in epoch milliseconds."""

    office: str
    track: str
    state: str
    opened_at: int
    resolved_at: int | None
    finding: str
    handling_score: int | None
    asked: bool
    reopened: bool
    clocks: tuple[tuple[str, str, int, int | None, int | None, int | None], ...]
    declaration_no: str = ""

    def late(self, as_of: int) -> bool:
        """Whether criterion 5.2 counts it late."""
        for track, phase, _started, due, met, ended in self.clocks:
            asked = self.asked and self.track == "FEEDBACK"
            if track != "FEEDBACK" or (phase == "ACKNOWLEDGE" and not asked) or due is None or due >= as_of:
                continue
            if over(met, ended) > due:
                return True
        rejected = self.finding == "REJECTED" and self.track == "FEEDBACK"
        if not rejected or self.resolved_at is None or self.resolved_at >= as_of:
            return False
        begun = [s for _t, phase, s, *_rest in self.clocks if phase == "RESOLVE" and s <= self.resolved_at]
        return self.resolved_at > load_calendar().add_working_days(max([*begun, self.opened_at]), 2)

    def counts_in(self, begin: int, end: int) -> bool:
        """Whether it was received between two instants, or something about it was still to be done."""
        to_do = [(s, over(met, ended)) for _t, phase, s, _due, met, ended in self.clocks if phase != "ACKNOWLEDGE"]
        return begin <= self.opened_at < end or any(s < end and done >= begin for s, done in to_do)


def over(met: int | None, ended: int | None) -> int:
    """When a clock was met or ended."""
    return min((at for at in (met, ended) if at is not None), default=NEVER)


def items(chance: random.Random, count: int) -> list[Item]:
    """Cases of all tracks and states, of which some were met late, paused, ended or rejected."""
    calendar, found = load_calendar(), []
    for _ in range(count):
        opened = midnight(date(2023, 12, 28)) + chance.randrange(96 * 24 * HOUR)
        begun = opened + chance.choice((0, 0, 30 * HOUR))
        day = chance.choice((20, 60, 100, 400)) * HOUR
        resolved = begun + int(chance.random() * day) if chance.random() < 0.8 else None
        finding = chance.choice(("UPHELD", "NOT_UPHELD", "REJECTED")) if resolved else ""
        if resolved and chance.random() < 0.2:
            resolved = calendar.add_working_days(begun, 2) + chance.choice((-1, 0, 1))
        due = None if resolved is None and chance.random() < 0.3 else calendar.add_working_days(begun, 15)
        state = chance.choice(("OPENED", "VERIFYING", "CLOSED", "CLOSED", "WITHDRAWN", "MERGED", "REOPENED"))
        ended = (
            begun + chance.randrange(1, 700) * HOUR if resolved is None and state in ("WITHDRAWN", "MERGED") else None
        )
        met = opened + chance.randrange(1, 200) * HOUR
        clocks = [
            ("FEEDBACK", "ACKNOWLEDGE", opened, calendar.add_working_days(opened, 5), met, None),
            ("FEEDBACK", "RESOLVE", begun, due, resolved, ended),
        ]
        if resolved:
            answered = resolved + chance.randrange(1, 90) * HOUR if chance.random() < 0.9 else None
            clocks.append(("FEEDBACK", "ANSWER", resolved, calendar.add_working_days(resolved, 2), answered, None))
        found.append(
            Item(
                chance.choice(list(PARENTS)),
                chance.choice(("FEEDBACK",) * 5 + ("COMPLAINT", "DENUNCIATION")),
                state,
                opened,
                resolved,
                finding,
                chance.choice((None, None, 1, 2, 3, 4, 5)),
                chance.random() < 0.3,
                chance.random() < 0.1,
                tuple(clocks),
            )
        )
    return found


def store(client: Any, declared: list[Dossier], cases: list[Item]) -> None:
    """Insert all of it; statuses of every tenth declaration and all ratings twice, as after a repeated read."""
    origin = "row_version, log_epoch, log_partition, log_offset"
    rows = [
        (f"{one.number}-{k}", f"{one.number}0", name, moment(at), one.office, channel, 1, 1, 0, k)
        for one in declared
        for k, (name, at, channel) in enumerate(one.statuses)
    ]
    columns = f"event_id, declaration_no, status, occurred_at, office, channel, {origin}"
    for part in (rows, rows[::10]):
        client.execute(f"INSERT INTO declaration_status ({columns}) VALUES", part)
    sheets = [
        (f"s{one.number}-{k}", revision, f"{one.number}0", moment(one.registered_at + 9 * HOUR), score, 1, 1, 0, k)
        for one in declared
        for k, revisions in enumerate(one.levels)
        for revision, score in enumerate(revisions, 1)
    ]
    columns = f"sheet_id, revision, declaration_no, submitted_at, lowest_score, {origin}"
    for _ in range(2):
        client.execute(f"INSERT INTO rating ({columns}) VALUES", sheets)
    about = [
        Item(one.office, "COMPLAINT", "OPENED", one.registered_at, None, "", None, False, False, (), f"{one.number}0")
        for one in declared
        if one.complained
    ]
    columns = (
        "complaint_id, office, track, state, opened_at, resolved_at, finding, handling_score, asked, reopened, clocks, "
        f"declaration_no, {origin}"
    )
    stored = [
        (
            UUID(int=k), one.office, one.track, one.state, moment(one.opened_at), moment(one.resolved_at), one.finding,
            one.handling_score, one.asked, one.reopened,
            [("R", t, p, moment(s), moment(due), None, 0, moment(m), moment(e)) for t, p, s, due, m, e in one.clocks],
            one.declaration_no, 1, 1, 0, k,
        )
        for k, one in enumerate([*cases, *about])
    ]  # fmt: skip
    client.execute(f"INSERT INTO complaint_case ({columns}) VALUES", stored)


def units(office: str) -> tuple[tuple[str, str], ...]:
    """The units that an office counts in."""
    return ("OFFICE", office), ("DEPARTMENT", PARENTS[office]), ("NATION", "VN")


def wanted_figures(
    declared: list[Dossier], cases: list[Item], first: date, last: date
) -> dict[tuple[str, str, str], tuple[int, ...]]:
    """Numerator, denominator, how many were measured, and good ones of these, by level, unit and criterion."""
    begin, end = midnight(first), midnight(last)
    found: dict[tuple[str, str, str], list[int]] = {}

    def count(office: str, criterion: str, good: bool, measured: bool) -> None:
        for level, unit in units(office):
            figures = found.setdefault((level, unit, criterion), [0, 0, 0, 0])
            for k, one in enumerate((good, True, measured, good and measured)):
                figures[k] += one

    for one in declared:
        if begin <= one.registered_at < end:
            late = one.late(end, WORKED)
            limited = any(one.minutes(step, end, WORKED) is not None for step in ("DOCUMENT_CHECK", "GOODS_INSPECTION"))
            count(one.office, "2.1", not late, limited)
            count(one.office, "5.4", not (late or one.disliked or one.complained), bool(one.levels))
    for case in cases:
        late = case.late(NEVER)
        if case.track == "DENUNCIATION" or case.state == "MERGED" or not case.counts_in(begin, end):
            continue
        if (case.state == "WITHDRAWN" or case.track == "COMPLAINT") and not late:
            continue
        poor = case.handling_score is not None and case.handling_score <= 2
        count(case.office, "5.2", not late, True)
        count(case.office, "5.3", not (late or poor or case.reopened), case.handling_score is not None)
    return {key: tuple(figures) for key, figures in found.items()}


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_are_those_of_an_independent_computation(database: Any, seed: int) -> None:
    """Figures, percentages and points of month, quarter and year, for each office, department and the nation."""
    chance = random.Random(seed)
    declared, cases = dossiers(chance, 400), items(chance, 250)
    store(database, declared, cases)
    criteria = load_criteria()
    for (period, first), last in PERIODS.items():
        wanted = wanted_figures(declared, cases, first, last)
        assert len(wanted) == 6 * 4
        found = database.execute(
            "SELECT unit_level, unit, criterion, numerator, denominator, measured, ratio, points, basis, period_start,"
            " period_end, measured_ratio FROM v_score_766(period = %(period)s, day = %(day)s)"
            " WHERE criterion IN ('2.1', '5.2', '5.3', '5.4')",
            {"period": period, "day": first + timedelta(days=9)},
        )
        assert {key[:3]: tuple(key[3:6]) for key in found} == {key: figures[:3] for key, figures in wanted.items()}
        for level, unit, criterion, numerator, denominator, measured, ratio, score, basis, start, end, among in found:
            assert among == percent(wanted[level, unit, criterion][3], measured), (level, unit, criterion)
            rate, rule = percent(numerator, denominator), criteria[criterion]
            expected = rate, points(rate, rule.maximum, rule.full_at or 0)
            assert (ratio, score) == expected, (level, unit, criterion)
            assert (basis, start, end) == ("COMPUTED", first, last - timedelta(days=1))


def test_promised_times_are_counted_by_office_and_month(database: Any) -> None:
    """Shares of checks within their time are those counted one by one; what still runs in time is not counted."""
    declared = dossiers(random.Random(3), 300)
    store(database, declared, [])
    begin, end, now = midnight(date(2024, 1, 1)), midnight(date(2024, 4, 1)), midnight(date(2026, 11, 1))
    wanted: dict[tuple[str, date, str], list[int]] = {}
    for one in declared:
        for step, limit in (("DOCUMENT_CHECK", 120), ("GOODS_INSPECTION", 480)):
            for start, stop in one.rounds(step, now) if begin <= one.registered_at < end else ():
                minutes = one.round_minutes((start, stop), now, WORKED)
                if stop is not None or minutes > limit:
                    day = moment(start + 7 * HOUR)
                    assert day is not None
                    figures = wanted.setdefault((one.office, day.date().replace(day=1), step), [0, 0])
                    figures[0] += 1
                    figures[1] += minutes <= limit
    found = database.execute(
        "SELECT office, month, step, n, within, within_share, limit_amount, limit_unit, confidence"
        " FROM v_service_commitments(first = '2024-01-01', last = '2024-04-01')"
    )
    checks = [row for row in found if row[2] in ("DOCUMENT_CHECK", "GOODS_INSPECTION")]
    assert {row[:3]: list(row[3:5]) for row in checks if row[3]} == wanted
    assert all(row[5] == row[4] / row[3] for row in checks if row[3])
    promised = load_commitments()
    assert {row[2] for row in found} == {step for step, one in promised.items() if one.held_by == "STATUSES"}
    assert all(
        row[6:] == (promised[row[2]].amount, promised[row[2]].unit, promised[row[2]].confidence) for row in found
    )


def test_a_dossier_is_what_was_known_of_it(database: Any) -> None:
    """A check is measured up to the end of the period at the latest; later ratings and complaints are not known yet."""
    last = midnight(date(2024, 11, 1))  # 31 October 2024 is a Thursday
    slow = Dossier(
        10_500_000_000,
        "03CC",
        [
            ("REGISTERED", last - 9 * HOUR, ""),
            ("CHANNEL_ASSIGNED", last - 9 * HOUR, "YELLOW"),
            ("DOCUMENTS_CHECKED", last + 12 * HOUR, ""),
        ],
    )
    about = Item("03CC", "COMPLAINT", "OPENED", last + 20 * HOUR, None, "", None, False, False, (), "105000000000")
    store(database, [slow], [about])
    columns = "sheet_id, revision, declaration_no, submitted_at, lowest_score, row_version, log_epoch"
    sheets = [
        ("s", k + 1, "105000000000", moment(last + (10 + k) * HOUR), score, 1, 1) for k, score in enumerate((1, 5))
    ]
    database.execute(f"INSERT INTO rating ({columns}) VALUES", sheets)
    query = (
        "SELECT late, complained, rated, dissatisfied FROM v_dossiers(first = '2024-10-01', last = '{}', as_of = '{}')"
    )
    for end, as_of, wanted in (
        ("2024-11-01", "2026-01-01 00:00:00", (0, 1, 1, 0)),
        ("2024-11-02", "2026-01-01 00:00:00", (1, 1, 1, 0)),
        ("2024-11-02", "2024-11-01 12:00:00", (1, 0, 1, 0)),
        ("2024-11-02", "2024-11-01 03:30:00", (1, 0, 1, 1)),
        ("2024-11-02", "2024-10-31 09:00:00", (0, 0, 0, 0)),
    ):
        assert database.execute(query.format(end, as_of)) == [wanted], (end, as_of)


def enter(client: Any, rows: list[tuple[Any, ...]], unit: tuple[str, str] = ("NATION", "VN")) -> None:
    """Enter criterion, numerator, denominator and points, for October 2024."""
    client.execute(
        "INSERT INTO score_entry"
        " (period, period_start, unit_level, unit, criterion, numerator, denominator, points, source) VALUES",
        [("MONTH", date(2024, 10, 1), *unit, *row, "a test") for row in rows],
    )


def test_points_at_the_boundaries(database: Any) -> None:
    """Points grow up to 90 % for 5.4 and 80 % for 4.2 and no further; elsewhere up to 100 %; all rounded half up."""
    cases = {
        "5.4": [(0, "0"), (4999, "3.33"), (5000, "3.33"), (6999, "4.67"), (7000, "4.67"), (7999, "5.33"),
                (8000, "5.33"), (8990, "5.99"), (8999, "6.00"), (9000, "6"), (9001, "6"), (10000, "6")],
        "4.2": [(7999, "4.00"), (8000, "4"), (7990, "4.00"), (7980, "3.99"), (9999, "4")],
        "2.1": [(8999, "18.00"), (9000, "18"), (9999, "20.00"), (9998, "20.00"), (9990, "19.98"), (10000, "20")],
    }  # fmt: skip
    wanted = {}
    for criterion, pairs in cases.items():
        for numerator, score in pairs:
            unit = f"{criterion}-{numerator}"  # a unit of its own, so that one question answers all
            enter(database, [(criterion, numerator, 10_000, None)], ("OFFICE", unit))
            wanted[unit] = (Decimal(numerator) / 100, Decimal(score))
    enter(database, [("5.4", 89_995, 100_000, None)], ("OFFICE", "rounded"))
    wanted["rounded"] = (Decimal("90.00"), Decimal(6))
    query = "SELECT unit, ratio, points FROM v_score_766(period = 'MONTH', day = '2024-10-31') WHERE basis = 'ENTERED'"
    assert {unit: (ratio, score) for unit, ratio, score in database.execute(query)} == wanted


def test_grades_at_the_boundaries(database: Any) -> None:
    """A total belongs to the grade that begins with it, to the hundredth of a point; group totals add up to it."""
    boundaries = {
        "EXCELLENT": ("100", "90"), "GOOD": ("89.99", "80"), "FAIR": ("79.99", "70"), "AVERAGE": ("69.99", "50"),
        "WEAK": ("49.99", "0"),
    }  # fmt: skip
    wanted: dict[str, Any] = {}
    for grade, total in ((grade, Decimal(total)) for grade, totals in boundaries.items() for total in totals):
        left, rows = total, []
        for criterion, rule in load_criteria().items():
            given = min(left, Decimal(rule.maximum))
            left -= given
            rows.append((criterion, None, None, given))
        enter(database, rows, ("OFFICE", str(total)))
        wanted[str(total)] = (total, grade, load_grades()[grade].name_vi, [], 100)
    found = database.execute(
        "SELECT unit, total, grade, grade_name, missing, points_of, group_1, group_2, group_3, group_4, group_5"
        " FROM v_grade_766(period = 'MONTH', day = '2024-10-05')"
    )
    assert {row[0]: tuple(row[1:6]) for row in found} == wanted
    assert all(sum(row[6:]) == row[1] for row in found)


def test_nothing_is_no_zero(database: Any) -> None:
    """Where there was nothing to count, percentage, points, total and grade are NULL, and what is missing is said."""
    columns = "event_id, declaration_no, status, occurred_at, office, row_version, log_epoch"
    registered = moment(midnight(date(2024, 10, 7)))
    row = ("r", "100000000000", "REGISTERED", registered, "03CC", 1, 1)
    database.execute(f"INSERT INTO declaration_status ({columns}) VALUES", [row])
    october = "(period = 'MONTH', day = '2024-10-01')"
    query = f"SELECT criterion, numerator, denominator, ratio, points, basis FROM v_score_766{october}"
    rows = {row[0]: row[1:] for row in database.execute(f"{query} WHERE unit_level = 'OFFICE'")}
    assert rows["5.2"] == rows["5.3"] == (0, 0, None, None, "MISSING")
    assert rows["1.1"] == (None, None, None, None, "MISSING")
    assert rows["2.1"] == (1, 1, Decimal(100), Decimal(20), "COMPUTED")
    grades = (
        f"SELECT total, grade, group_2, group_5, points, points_of, points_share, missing FROM v_grade_766{october}"
    )
    ((total, grade, two, five, known, of, share, missing),) = database.execute(f"{grades} WHERE unit_level = 'OFFICE'")
    assert (total, grade, two, five, known, of, share) == (None, None, 20, None, 26, 26, 100)  # nothing was lost
    assert missing == [number for number in load_criteria() if number not in ("2.1", "5.4")]

    # What was computed is not replaced; what could not be is filled in; an entry that is taken back is gone.
    office = ("OFFICE", "03CC")
    enter(
        database,
        [("2.1", 1, 2, None), ("5.2", 3, 4, None), ("1.1", None, None, Decimal(5)), ("1.2", 1, 1, None)],
        office,
    )
    enter(database, [("1.2", None, None, None)], office)
    rows = {row[0]: row[1:] for row in database.execute(f"{query} WHERE unit_level = 'OFFICE'")}
    assert rows["2.1"][4] == "COMPUTED"
    assert rows["5.2"] == (3, 4, Decimal(75), Decimal("4.5"), "ENTERED")
    assert rows["1.1"] == (None, None, None, Decimal(5), "ENTERED")
    assert rows["1.2"][3:] == (None, "MISSING")


def test_entries_that_cannot_be_right_do_not_count(database: Any) -> None:
    """Impossible entries are refused at INSERT; those that only the criteria can judge are marked and not counted."""
    for row in [("1.1", 3, 2, None), ("1.1", 0, 0, None), ("1.1", 1, None, None), ("1.1", 1, 2, Decimal(1)),
                ("1.1", None, None, Decimal(-1))]:  # fmt: skip
        with pytest.raises(DriverError, match="violated"):
            enter(database, [row])
        database.disconnect()
    with pytest.raises(DriverError, match="first_day"):
        database.execute(
            "INSERT INTO score_entry (period, period_start, unit_level, unit, criterion, points, source) VALUES",
            [("QUARTER", date(2024, 2, 1), "NATION", "VN", "1.1", Decimal(1), "a test")],
        )
    database.disconnect()
    enter(database, [("1.1", None, None, Decimal(7)), ("9.9", None, None, Decimal(1)), ("3.2", 1, 2, None)])
    found = dict(database.execute("SELECT criterion, entry_standing FROM v_score_entry"))
    assert found == {"1.1": "ABOVE_MAXIMUM", "9.9": "UNKNOWN_CRITERION", "3.2": "POINTS_NEEDED"}
    assert database.execute("SELECT count() FROM v_score_766(period = 'MONTH', day = '2024-10-01')") == [(0,)]
