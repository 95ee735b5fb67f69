"""Who sent a denunciation cannot be found from what people may read.

The proof: a reader sees the same, whichever declaration of the anonymity set the denunciation is about, in all columns
of all views and for many arguments. Then no join, difference or absence tells him more than chance. Errors are a second
channel, for a condition on a hidden row might fail aloud; settings of a query are a third.
"""

from __future__ import annotations

import pytest
from clickhouse_driver.errors import ServerException
from support.denunciation_worlds import DAY, OFFICE, SECRETS, Secret, empty, number, records_of, store
from support.events import at
from support.readable_rows import OF_DECLARATIONS, VIEWS, calls, seen
from support.view_columns import declared_columns

from schemas.ids import complaint_id
from schemas.records.alerts import Alert, Driver, TargetEvidence
from schemas.topics import Topic
from sinks.clickhouse.native.column_client import ColumnClient
from sinks.clickhouse.sql_files import view_files

pytestmark = pytest.mark.servers


def fill(client: ColumnClient, name: str, track: str = "DENUNCIATION") -> Secret:
    """Store one world instead of what is there."""
    empty(client)
    store(client, records_of(name, track))
    return SECRETS[name]


@pytest.mark.long
def test_all_views_are_the_same_whoever_sent_the_denunciation(guarded: ColumnClient) -> None:
    """Eight worlds, each with another sheet, declaration, enterprise, time and scores, cannot be told apart."""
    fill(guarded, "plain")
    wanted = seen(guarded)
    assert sum(map(len, wanted.values())) > 500
    cases = guarded.execute(
        f"SELECT toString(opened_day), case_state FROM v_cases WHERE protected AND office = '{OFFICE}'"
    )
    assert cases == [(DAY, "OPENED")]
    for name in list(SECRETS)[1:]:
        fill(guarded, name)
        found = seen(guarded)
        assert {call for call in wanted if found[call] != wanted[call]} == set(), name


def test_fair_scores_have_one_answer(guarded: ColumnClient) -> None:
    """The order in which rows are summed, which differs from run to run, does not show in the last digits."""
    fill(guarded, "plain")
    ask = "SELECT * FROM v_fair_scores(first = '2026-04-01', last = '2026-05-01') ORDER BY ALL"
    assert len({repr(guarded.execute(ask)) for _ in range(12)}) == 1


@pytest.mark.long
def test_without_the_denunciation_they_differ(guarded: ColumnClient) -> None:
    """The same worlds, where the case is put on another track, differ in many views: the comparison can see."""
    fill(guarded, "plain", "COMPLAINT")
    first = seen(guarded)
    fill(guarded, "other targets", "COMPLAINT")
    second = seen(guarded)
    views = {call.partition("(")[0] for call in first if first[call] != second[call]}
    assert views >= {
        "v_sheets", "v_opinions", "v_opinions_by_office", "v_opinions_by_department", "v_opinion_context", "v_scores",
        "v_complaints", "v_cases",
        "v_case_events", "v_satisfaction_over_time", "v_satisfaction_now", "v_response_rate",
        "v_unrated_declarations",
        "v_unrated_of_enterprise", "v_dossiers", "v_fair_scores",
    }  # fmt: skip


@pytest.mark.long
def test_it_stays_protected_whatever_comes_when(guarded: ColumnClient) -> None:
    """Only the newest record of the case is left, on another track; its complaint comes last; then all comes again."""
    fill(guarded, "two offices")
    wanted = seen(guarded)
    secret, records = SECRETS["two offices"], dict(records_of("two offices"))
    newest = {one.complaint_id: one for one in records[Topic.COMPLAINT_CASE]}
    assert newest[secret.case].track == "FEEDBACK"
    empty(guarded)
    late = records.pop(Topic.COMPLAINT)
    store(guarded, {**records, Topic.COMPLAINT_CASE: list(newest.values())}, [Topic.COMPLAINT_CASE])
    hidden = (repr(number(secret.declaration)), repr(secret.sheet_id))
    for call, rows in seen(guarded).items():
        if not call.startswith(OF_DECLARATIONS):
            assert not [row for row in rows if any(one in row for one in hidden)], call
    store(guarded, {Topic.COMPLAINT: late})
    assert seen(guarded) == wanted
    store(guarded, {**records, Topic.COMPLAINT: late})
    assert seen(guarded) == wanted


@pytest.mark.long
def test_no_error_tells_of_a_hidden_row(guarded: ColumnClient) -> None:
    """A condition that fails for a hidden value is never asked about it, whatever settings move it down the query."""
    secret = fill(guarded, "two offices")
    other_case = complaint_id(number(secret.declaration)[:11], secret.sheet_id, "03EE")
    sent, pane = (f"toDateTime64('{DAY} {time}:00', 3, 'UTC')" for time in ("01:30", "01:35"))
    guesses = {
        "sheet_id": f"'{secret.sheet_id}'", "complaint_id": f"'{other_case}'", "submitted_at": sent, "opened_at": sent,
        "first_submitted_at": sent, "window_end": pane, "target_id": "'o-1'",
    }  # fmt: skip
    settings = (
        "",
        " SETTINGS short_circuit_function_evaluation = 'disable', optimize_move_to_prewhere_if_final = 1",
        " SETTINGS query_plan_merge_filters = 0, apply_prewhere_after_final = 1",
    )
    asked = 0
    for view, file in VIEWS.items():
        for column in {one.name for one in declared_columns(file)} & guesses.keys():
            call = next(calls(view))
            for more in settings:
                guarded.execute(f"SELECT count() FROM {call} WHERE throwIf({column} = {guesses[column]}) = 0{more}")
                asked += 1
    assert asked > 40
    with pytest.raises(ServerException, match="throwIf"):
        guarded.execute("SELECT count() FROM rating WHERE throwIf(sheet_id = 'x10') = 0")


@pytest.mark.parametrize(
    "setting",
    [
        "additional_table_filters = {'DATABASE.protected_complaint': '0'}",
        "additional_table_filters = {'DATABASE.complaint_sheet': '0'}",
        "additional_table_filters = {'DATABASE.linked_case': '0', 'hidden_sheet': '0', 'DATABASE.hidden_case': '0'}",
        "max_rows_in_set = 1, set_overflow_mode = 'break'",
        "max_rows_to_read = 1, read_overflow_mode = 'break'",
        "max_rows_in_join = 1, join_overflow_mode = 'break'",
        "join_use_nulls = 1, transform_null_in = 1",
        "max_result_rows = 1, result_overflow_mode = 'break', aggregate_functions_null_for_empty = 1",
    ],
)
def test_no_setting_opens_a_guard(guarded: ColumnClient, setting: str) -> None:
    """A query cannot filter the tables that protect, nor let their rows be cut off: it finds nothing, or is refused."""
    secret = fill(guarded, "plain")
    settings = setting.replace("DATABASE", guarded.connection.database)
    sheet, case = f"sheet_id = '{secret.sheet_id}'", f"complaint_id = '{secret.case}'"
    found = []
    for asked in (
        f"v_sheets WHERE {sheet}",
        f"v_opinions WHERE has(sheet_ids, '{secret.sheet_id}')",
        f"v_opinions_by_office WHERE has(sheet_ids, '{secret.sheet_id}')",
        f"v_cases WHERE {case} OR {sheet}",
        f"v_complaints WHERE {case} OR {sheet}",
    ):
        try:
            found += guarded.execute(f"SELECT count() FROM {asked} SETTINGS {settings}")
        except ServerException as error:
            found.append((0,) if error.code in (158, 191, 307) else error)
    assert found == [(0,)] * 5


def test_no_filter_of_a_query_reaches_a_table_below_a_guard(guarded: ColumnClient) -> None:
    """All parts of a guard show the same rows, whatever filters a query puts on the tables and guards below it."""
    fill(guarded, "merged")
    guards = [file for file in view_files() if not file.name.startswith("v_")]
    counts = []
    for guard in guards:
        below = {f"{guarded.connection.database}.{name}": "0" for name in guard.reads if name != guard.name}
        query = f"SELECT count() FROM {guard.name}"
        rows = guarded.execute(query)
        assert guarded.execute(f"{query} SETTINGS additional_table_filters = {below}") == rows, guard.name
        counts += rows
    assert sum(count > 0 for (count,) in counts) > 12


def test_an_alert_over_a_denunciation_tells_days_alone(guarded: ColumnClient) -> None:
    """At the office of the denunciation an alert keeps its counts; one that hangs on a hidden case is not shown."""
    secret = fill(guarded, "two offices")
    start, end = at(f"{DAY} 08:00"), at(f"{DAY} 09:00")

    def alert(k: int, office: str, begin: int, until: int, *complaints: str) -> Alert:
        return Alert(
            f"00000000-0000-5000-8000-00000000000{k}", 1, office, "OPEN", "BURST", until, until, None, begin, until,
            3600, 20, 5, 5, 0.017, 300.0, 0.34, 0.0001, 0.001, 0.0, (Driver("TEAM:01", 4), Driver("OFFICIAL:o-7", 4)),
            (TargetEvidence("TEAM", "01", 5, 4, 0.2, 0.0003, 5.5),), complaints, "Cảnh báo 08:35", "Alert 08:35",
        )  # fmt: skip

    days = 86_400_000
    alerts = [
        alert(1, OFFICE, start, end, secret.case),
        alert(2, "03EE", start, end),
        alert(3, OFFICE, start - 9 * days, start - 8 * days),
    ]
    store(guarded, {Topic.ALERT: alerts})
    columns = (
        "toString(alert_id), office, toString(raised_at), dissatisfied_opinions, drivers, complaint_ids, summary_en"
    )
    rows = guarded.execute(f"SELECT {columns} FROM v_alerts WHERE window_seconds = 3600 ORDER BY raised_at")
    known, hidden = "00000000-0000-5000-8000-000000000003", "00000000-0000-0000-0000-000000000000"
    assert rows == [
        (known, OFFICE, "2026-04-07 01:00:00.000", 5, [("TEAM:01", 4)], [], "Alert 08:35"),
        (hidden, OFFICE, "2026-04-14 17:00:00.000", 5, [], [], ""),
    ]
    assert guarded.execute("SELECT DISTINCT office FROM v_alert_targets WHERE scores = 5") == [(OFFICE,)]


def test_an_alias_stays_and_cannot_be_worked_out(guarded: ColumnClient) -> None:
    """All views give a denunciation one name, also after its records came again; it says nothing about the sheet."""
    views = ("v_cases WHERE protected", "v_complaints WHERE protected", "v_case_clocks WHERE track = 'DENUNCIATION'")
    names = set()
    for _ in range(2):
        fill(guarded, "plain")
        before = [set(guarded.execute(f"SELECT complaint_id FROM {view}")) for view in views]
        assert len(set.union(*before)) == 1
        store(guarded, records_of("plain"))
        assert [set(guarded.execute(f"SELECT complaint_id FROM {view}")) for view in views] == before
        names |= before[0]
    assert len(names) == 2


def test_ids_of_complaints_are_those_of_the_contract(guarded: ColumnClient) -> None:
    """SQL computes the id of the complaint of each sheet and office as the workers do."""
    fill(guarded, "two offices")
    rows = guarded.execute("SELECT declaration, sheet_id, office, toString(complaint_id) FROM complaint_sheet FINAL")
    assert len(rows) == 17
    assert [complaint_id(str(number_), sheet, office) for number_, sheet, office, _id in rows] == [
        row[3] for row in rows
    ]
    known = {str(one) for (one,) in guarded.execute("SELECT complaint_id FROM complaint FINAL")}
    assert known <= {row[3] for row in rows}
