"""Who sent a denunciation cannot be found from what people may read.

The proof is that a reader sees the same, whichever declaration of the anonymity set the denunciation is about: all columns
of all views, for many arguments. Then no join, difference or absence tells him more than chance. Errors are a second
channel, for a condition on a hidden row might fail aloud; settings of a query are a third.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from clickhouse_driver.errors import ServerException
from support.denunciation_worlds import DAY, OFFICE, SECRETS, Secret, empty, enterprise, number, records_of, store
from support.events import at
from support.view_columns import declared_columns, parameters

from schemas.ids import complaint_id
from schemas.records.alerts import Alert, Driver, TargetEvidence
from schemas.topics import Topic
from sinks.clickhouse.native.column_client import ColumnClient
from sinks.clickhouse.sql_files import view_files

pytestmark = pytest.mark.servers

VIEWS = {file.name: file for file in view_files() if file.name.startswith("v_")}
BY_THE_CLOCK = {"remaining_hours", "first_remaining_hours", "resolve_remaining_hours"}
"""Columns that are different a moment later."""

BEFORE = "2026-04-15 03:00:00"
ARGUMENTS: Mapping[str, Sequence[str]] = {
    "first": ("'2026-04-01'", "'2026-04-15'"),
    "last": ("'2026-05-01'", "'2026-04-16'"),
    # Before, among and after the times at which the secret sheets are sent.
    "as_of": (f"'{BEFORE}'", "'2026-04-15 04:00:00'", "'2026-04-15 09:00:00'", "'2026-05-20 00:00:00'"),
    "period": ("'MONTH'",),
    "day": ("'2026-04-15'",),
    "target": ("'TEAM'", "'OFFICIAL'"),
    "office": ("''",),
    "tax_code": tuple(f"'{enterprise(one.declaration)}'" for one in SECRETS.values()),
}


def calls(view: str) -> Iterator[str]:
    """A view as queries name it, with several arguments; parameters move together, as far as there are values."""
    names = parameters(VIEWS[view])
    for turn in range(max((len(ARGUMENTS[name]) for name in names), default=1)):
        chosen = [f"{name} = {ARGUMENTS[name][turn % len(ARGUMENTS[name])]}" for name in names]
        yield f"{view}({', '.join(chosen)})" if chosen else view


def seen(client: ColumnClient) -> dict[str, list[str]]:
    """Everything that a reader of views can read: the rows of each call, without aliases and what the clock changes."""
    aliases = [str(alias) for (alias,) in client.execute("SELECT alias FROM protected_complaint")]
    found: dict[str, list[str]] = {}
    for view, file in VIEWS.items():
        columns = [one.name for one in declared_columns(file) if one.name not in BY_THE_CLOCK]
        for call in calls(view):
            rows = [repr(row) for row in client.execute(f"SELECT {', '.join(columns)} FROM {call}")]
            for alias in aliases:
                rows = [row.replace(alias, "alias") for row in rows]
            found[call] = sorted(rows)
    return found


def fill(client: ColumnClient, name: str, track: str = "DENUNCIATION") -> Secret:
    """Store one world instead of what is there."""
    empty(client)
    store(client, records_of(name, track))
    return SECRETS[name]


def test_all_views_are_the_same_whoever_sent_the_denunciation(database: Any) -> None:
    """Seven worlds, each with another sheet, declaration, enterprise, time and scores, cannot be told apart."""
    fill(database, "plain")
    wanted = seen(database)
    assert sum(map(len, wanted.values())) > 500
    (case,) = database.execute(f"SELECT opened_day, case_state FROM v_cases WHERE protected AND office = '{OFFICE}'")
    assert (str(case[0]), case[1]) == (DAY, "OPENED")
    for name in list(SECRETS)[1:]:
        fill(database, name)
        found = seen(database)
        assert {call for call in wanted if found[call] != wanted[call]} == set(), name


def test_without_the_denunciation_they_differ(database: Any) -> None:
    """The same worlds, where the case is put on another track, differ in many views: the comparison can see."""
    fill(database, "plain", "COMPLAINT")
    first = seen(database)
    fill(database, "other targets", "COMPLAINT")
    second = seen(database)
    views = {call.partition("(")[0] for call in first if first[call] != second[call]}
    assert views >= {
        "v_opinions", "v_opinions_by_office", "v_complaints", "v_cases", "v_case_events", "v_case_clocks",
        "v_satisfaction_over_time", "v_satisfaction_now", "v_response_rate", "v_unrated_declarations",
        "v_unrated_of_enterprise", "v_dossiers", "v_processing_times", "v_fair_scores", "v_feedback_items",
        "v_score_figures",
    }  # fmt: skip


def test_it_stays_protected_whatever_comes_when(database: Any) -> None:
    """Only the newest record of the case is left, after later tracks; its complaint comes last or never; all comes twice."""
    fill(database, "two offices")
    wanted = seen(database)
    records = dict(records_of("two offices"))
    newest = {one.complaint_id: one for one in records[Topic.COMPLAINT_CASE]}
    assert newest[SECRETS["two offices"].case].track == "FEEDBACK"
    empty(database)
    late = records.pop(Topic.COMPLAINT)
    store(database, {**records, Topic.COMPLAINT_CASE: list(newest.values())}, [Topic.COMPLAINT_CASE])
    hidden = {number(SECRETS["two offices"].declaration), SECRETS["two offices"].sheet_id}
    for call, rows in seen(database).items():
        if not call.startswith(("v_declarations", "v_unrated", "v_step_times", "v_dossiers")):
            assert not [row for row in rows if any(repr(one) in row for one in hidden)], call
    store(database, {Topic.COMPLAINT: late})
    assert seen(database) == wanted
    store(database, {**records, Topic.COMPLAINT: late})
    assert seen(database) == wanted


def test_no_error_tells_of_a_hidden_row(database: Any) -> None:
    """A condition that fails for a hidden value is never asked about it, whatever settings move it down the query."""
    secret = fill(database, "two offices")
    other_case = complaint_id(number(secret.declaration)[:11], secret.sheet_id, "03EE")
    sent = f"toDateTime64('{DAY} 01:30:00', 3, 'UTC')"
    guesses = {
        "sheet_id": f"'{secret.sheet_id}'", "complaint_id": f"'{other_case}'", "submitted_at": sent,
        "opened_at": sent, "first_submitted_at": sent, "started_at": sent, "window_end": "toDateTime64('2026-04-15 01:35:00', 3, 'UTC')",
    }  # fmt: skip
    settings = (
        "",
        " SETTINGS short_circuit_function_evaluation = 'disable', optimize_move_to_prewhere_if_final = 1",
        " SETTINGS query_plan_merge_filters = 0, apply_prewhere_after_final = 1",
    )
    asked = 0
    for view, file in VIEWS.items():
        for column in {one.name for one in declared_columns(file)} & guesses.keys() - {"started_at"}:
            for call in calls(view):
                for more in settings:
                    query = f"SELECT count() FROM {call} WHERE throwIf({column} = {guesses[column]}) = 0{more}"
                    assert database.execute(query) is not None, query
                    asked += 1
    assert asked > 40
    with pytest.raises(ServerException, match="throwIf"):
        database.execute("SELECT count() FROM rating WHERE throwIf(sheet_id = 'x10') = 0")


def test_no_setting_opens_a_guard(database: Any) -> None:
    """A query cannot filter the tables that protect, nor let their rows be cut off."""
    secret = fill(database, "plain")
    name = database.connection.database
    for settings in (
        *(f"additional_table_filters = {{'{name}.{table}': '0'}}" for table in (
            "protected_complaint", "complaint_sheet", "linked_case", "hidden_sheet", "hidden_case", "hidden_item")),
        "additional_table_filters = {'hidden_sheet': '0'}",
        "max_rows_in_set = 1, set_overflow_mode = 'break'",
        "max_rows_to_read = 1, read_overflow_mode = 'break'",
        "max_rows_in_join = 1, join_overflow_mode = 'break'",
        "join_use_nulls = 1, transform_null_in = 1",
    ):  # fmt: skip
        for query in (
            f"SELECT count() FROM v_opinions WHERE sheet_id = '{secret.sheet_id}'",
            f"SELECT count() FROM v_opinions_by_office WHERE sheet_id = '{secret.sheet_id}'",
            f"SELECT count() FROM v_cases WHERE complaint_id = '{secret.case}' OR sheet_id = '{secret.sheet_id}'",
            f"SELECT count() FROM v_complaints WHERE complaint_id = '{secret.case}' OR sheet_id = '{secret.sheet_id}'",
        ):
            try:
                assert database.execute(f"{query} SETTINGS {settings}") == [(0,)], (query, settings)
            except ServerException as error:
                assert "TOO_MANY_ROWS" in str(error) or "LIMIT_EXCEEDED" in str(error)


def test_an_alert_over_a_denunciation_tells_days_alone(database: Any) -> None:
    """Of the office of the denunciation an alert keeps its counts; one that only a hidden case explains is not shown."""
    secret = fill(database, "two offices")
    start, end = at(f"{DAY} 08:00"), at(f"{DAY} 09:00")

    def alert(number_: int, office: str, begin: int, until: int, *complaints: str) -> Alert:
        return Alert(
            f"00000000-0000-5000-8000-00000000000{number_}", 1, office, "OPEN", "BURST", until, until, None, begin, until,
            3600, 20, 5, 5, 0.017, 300.0, 0.34, 0.0001, 0.001, 0.0, (Driver("TEAM:01", 4), Driver("OFFICIAL:o-7", 4)),
            (TargetEvidence("TEAM", "01", 5, 4, 0.2, 0.0003, 5.5),), complaints, "Cảnh báo 08:35", "Alert 08:35",
        )  # fmt: skip

    store(
        database,
        {Topic.ALERT: [
            alert(1, OFFICE, start, end, secret.case), alert(2, "03EE", start, end),
            alert(3, OFFICE, start - 9 * 86_400_000, start - 8 * 86_400_000),
        ]},
    )  # fmt: skip
    rows = database.execute(
        "SELECT toString(alert_id), office, toString(raised_at), dissatisfied_opinions, drivers, complaint_ids, summary_en"
        " FROM v_alerts WHERE window_seconds = 3600 ORDER BY raised_at"
    )
    assert rows == [
        ("00000000-0000-5000-8000-000000000003", OFFICE, "2026-04-07 01:00:00.000", 5, [("TEAM:01", 4)], [], "Alert 08:35"),
        ("00000000-0000-0000-0000-000000000000", OFFICE, "2026-04-14 17:00:00.000", 5, [], [], ""),
    ]  # fmt: skip
    assert database.execute("SELECT DISTINCT office FROM v_alert_targets WHERE scores = 5") == [(OFFICE,)]


def test_an_alias_stays_and_cannot_be_worked_out(database: Any) -> None:
    """Views name a denunciation alike, today and after its records came again; the name says nothing about the sheet."""
    names = set()
    for _ in range(2):
        fill(database, "plain")
        views = ("v_cases WHERE protected", "v_complaints WHERE protected", "v_case_clocks WHERE track = 'DENUNCIATION'")
        before = [set(database.execute(f"SELECT complaint_id FROM {view}")) for view in views]
        assert len(set.union(*before)) == 1
        store(database, records_of("plain"))
        assert [set(database.execute(f"SELECT complaint_id FROM {view}")) for view in views] == before
        names |= before[0]
    assert len(names) == 2


def test_ids_of_complaints_are_those_of_the_contract(database: Any) -> None:
    """SQL computes the id of the complaint of each sheet and office as the workers do."""
    fill(database, "two offices")
    rows = database.execute("SELECT declaration, sheet_id, office, toString(complaint_id) FROM complaint_sheet FINAL")
    assert len(rows) == 17
    assert [complaint_id(str(declaration), sheet, office) for declaration, sheet, office, _id in rows] == [
        row[3] for row in rows
    ]
    known = {str(one) for (one,) in database.execute("SELECT complaint_id FROM complaint FINAL")}
    assert known <= {row[3] for row in rows}
