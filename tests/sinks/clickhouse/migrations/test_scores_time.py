"""Working time in SQL, on the embedded ClickHouse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.clickhouse_server import ClickHouseServer, drop_databases
from support.scores import BEGIN, LAST_DAY, MINUTE, OVERTIME_OFFICE, overtime_hours, slow_exact, worked_minutes

from schemas.reference.calendar import WorkingCalendar
from schemas.reference.site.reference import package_reference
from sinks.clickhouse.client import session
from sinks.clickhouse.migrate import migrate

pytestmark = pytest.mark.servers

END = int(
    (datetime(LAST_DAY.year, 12, 31, 17, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1)
)
TET = [int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000 for year, month, day in (
    (2022, 1, 30), (2023, 1, 19), (2024, 2, 7), (2025, 1, 24), (2026, 2, 14))]  # fmt: skip
OFFICES = ("03CC", OVERTIME_OFFICE)


def instants() -> st.SearchStrategy[int]:
    """Instants of the five years: anywhere, on and beside the edges of windows, in the days around Tết."""
    anywhere = st.integers(BEGIN, END - 1)
    edges = st.tuples(
        st.integers(0, (END - BEGIN) // (1440 * MINUTE) - 1), st.sampled_from((0, 450, 690, 780, 990, 1200, 1410)),
        st.integers(-1, 1)).map(lambda x: max(BEGIN, BEGIN + (x[0] * 1440 + x[1]) * MINUTE + x[2]))  # fmt: skip
    tet = st.tuples(st.sampled_from(TET), st.integers(0, 14 * 86_400_000)).map(sum)
    return st.one_of(anywhere, edges, tet)


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    """The shipped calendar, with overtime for one office."""
    return WorkingCalendar(overtime_hours())


def moment(at: int) -> datetime:
    """As the driver takes it."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)


def put(client: Any, statuses: list[tuple[int, str, str, int, str]]) -> None:
    """Store statuses: declaration, office, status, instant, channel."""
    client.execute("TRUNCATE TABLE declaration_status")
    client.execute("TRUNCATE TABLE registration")
    columns = "event_id, declaration_no, status, occurred_at, office, channel, row_version, log_epoch"
    rows = [
        (str(k), f"{number}0", name, moment(at), office, channel, 1, 1)
        for k, (number, office, name, at, channel) in enumerate(statuses)
    ]
    client.execute(f"INSERT INTO declaration_status ({columns}) VALUES", rows)


def steps(client: Any) -> dict[tuple[int, str], tuple[Any, ...]]:
    """Minutes, end of the limit and standing, by declaration and step."""
    found = client.execute(
        "SELECT declaration, step, minutes, waited_minutes, due_at, step_standing"
        " FROM v_step_times(first = '2021-12-31', last = '2027-01-02', as_of = '2027-03-01 00:00:00')"
    )
    return {(number, step): tuple(rest) for number, step, *rest in found}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(instants(), instants(), instants(), instants()), min_size=1, max_size=40))
def test_minutes_are_those_of_the_calendar(
    overtime_database: Any, calendar: WorkingCalendar, spans: list[tuple[int, int, int, int]]
) -> None:
    """Over five years, Tết and overtime included, SQL, the calendar and a count of single minutes agree."""
    worked = {office: _worked(office) for office in OFFICES}
    rows, wanted = [], {}
    for k, span in enumerate(spans):
        start, asked, supplied, end = sorted(span)
        for n, office in enumerate(OFFICES):
            number = 10_000_000_000 + 2 * k + n
            rows += [
                (number, office, "REGISTERED", start, ""),
                (number, office, "CHANNEL_ASSIGNED", start, "YELLOW"),
                (number, office, "DOCUMENTS_CHECKED", end, ""),
                (number, office, "INSPECTION_REQUIRED", asked, ""),
                (number, office, "CUSTOMS_INSTRUCTION", asked, ""),
                (number, office, "AMENDED_BY_DECLARANT", supplied, ""),
                (number, office, "GOODS_INSPECTED", supplied, ""),
            ]
            whole = slow_exact(worked[office], start, end)
            waited = slow_exact(worked[office], asked, supplied)
            assert calendar.working_minutes_between(start, end, office) == whole // MINUTE
            assert calendar.working_minutes_between(asked, supplied, office) == waited // MINUTE
            wanted[number, "DOCUMENT_CHECK"] = ((whole - waited) // MINUTE, waited // MINUTE)
            wanted[number, "GOODS_INSPECTION"] = (0, waited // MINUTE)
    put(overtime_database, rows)
    found = steps(overtime_database)
    assert {key: found[key][:2] for key in wanted} == wanted


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(instants(), instants()), min_size=1, max_size=40))
def test_limits_in_days_are_those_of_the_calendar(
    overtime_database: Any, calendar: WorkingCalendar, spans: list[tuple[int, int]]
) -> None:
    """The ends of five working days and of thirty days are the calendar's, and decide to the millisecond."""
    rows, wanted = [], {}
    for k, span in enumerate(spans):
        number, (start, end) = 10_000_000_000 + k, sorted(span)
        five, thirty = calendar.add_working_days(start, 5), calendar.add_calendar_days(start, 30)
        if k % 3 == 0:
            end = five  # to the millisecond
        rows += [
            (number, "03CC", "REGISTERED", start, ""),
            (number, "03CC", "CUSTOMS_INSTRUCTION", start, ""),
            (number, "03CC", "AMENDED_BY_DECLARANT", end, ""),
            (number, "03CC", "RELEASED", start, ""),
            (number, "03CC", "CLEARED", end + 1, ""),
        ]
        wanted[number, "SUPPLEMENT"] = (moment(five), "LATE" if end > five else "WITHIN")
        wanted[number, "DUTY_AFTER_RELEASE"] = (moment(thirty), "LATE" if end + 1 > thirty else "WITHIN")
    put(overtime_database, rows)
    found = steps(overtime_database)
    assert {key: found[key][2:] for key in wanted} == wanted


def test_outside_the_calendar_nothing_is_known(overtime_database: Any) -> None:
    """A step that reaches beyond the years of the calendar is UNKNOWN, neither late nor in time."""
    after = int(datetime(2032, 1, 5, tzinfo=UTC).timestamp() * 1000)
    put(
        overtime_database,
        [
            (10_000_000_000, "03CC", "REGISTERED", BEGIN, ""),
            (10_000_000_000, "03CC", "CHANNEL_ASSIGNED", BEGIN, "RED"),
            (10_000_000_000, "03CC", "DOCUMENTS_CHECKED", after, ""),
        ],
    )
    query = "v_step_times(first = '2021-12-31', last = '2022-02-01', as_of = '2033-01-01 00:00:00')"
    found = overtime_database.execute(f"SELECT minutes, step_standing FROM {query} WHERE step = 'DOCUMENT_CHECK'")
    assert found == [(None, "UNKNOWN")]


def test_the_calendar_is_loaded_again_only_when_it_changed(clickhouse_server: ClickHouseServer) -> None:
    """A changed rule of working hours comes into the tables with the next `migrate`, and with no other."""
    connection = replace(clickhouse_server.connection("default"), database=f"t{uuid4().hex[:8]}")
    migrate(connection)
    assert migrate(connection) == []
    hours = overtime_hours()
    try:
        assert migrate(connection, replace(package_reference(), hours=hours)) == ["calendar/reference_working_window"]
        with session(connection) as client:
            found = client.execute("SELECT DISTINCT office FROM reference_working_window ORDER BY office")
        assert found == [("",), (OVERTIME_OFFICE,)]
    finally:
        drop_databases(connection, connection.database)


_KNOWN: dict[str, bytearray] = {}


def _worked(office: str) -> bytearray:
    return _KNOWN.setdefault(office, _KNOWN.get(office) or worked_minutes(office))
