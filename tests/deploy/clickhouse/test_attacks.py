"""Ways around the rights of an analyst and a leader on a real ClickHouse: none leads to a table or a fixed setting."""

from __future__ import annotations

import pytest
from support.clickhouse_rights import DENIED, NOT_IN_READONLY, Accounts
from support.extras import needs_clickhouse_server

from deploy.clickhouse.roles import DEFINER

pytestmark = [pytest.mark.servers, needs_clickhouse_server]

READERS = ("analyst", "leader")
NO_SUCH_TABLE = {60, 636}
FIXED = 452

SECRET = "hailong.complaint"
AROUND = (
    f"SELECT count() FROM {SECRET}",
    f"SELECT 1 WHERE exists(SELECT 1 FROM {SECRET})",
    f"SELECT * FROM v_alerts AS a, {SECRET} AS c",
    f"SELECT * FROM view(SELECT tax_code FROM {SECRET})",
    f"SELECT * FROM viewExplain('EXPLAIN', '', (SELECT tax_code FROM {SECRET}))",
    f"SELECT * FROM eval('SELECT tax_code FROM {SECRET}') SETTINGS allow_experimental_eval_table_function = 1",
    "SELECT * FROM merge('hailong', '^complaint$')",
    f"SELECT * FROM loop({SECRET}) LIMIT 1",
    "SELECT * FROM mergeTreeIndex(hailong, complaint)",
    "SELECT * FROM mergeTreeAnalyzeIndexes(hailong, complaint)",
    "SELECT * FROM dictionary('complaint')",
    f"SELECT * FROM remote('127.0.0.1', {SECRET})",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString', 'l String')",
    "SELECT * FROM file('/etc/passwd', 'LineAsString', 'l String')",
    "SELECT * FROM filesystem('/etc')",
    "SELECT * FROM sqlite('/tmp/x', 'y')",
    "SELECT * FROM executable('x', 'TSV', 'l String')",
    "INSERT INTO FUNCTION file('/tmp/x', 'TSV', 'a String') SELECT 'a'",
    f"INSERT INTO score_entry (source) SELECT tax_code FROM {SECRET}",
    "SELECT * FROM score_entry",
    "SELECT * FROM score_setting",
    "INSERT INTO score_setting (name, value) SELECT 'min_opinions', 1",
    "INSERT INTO score_entry (source, entered_at) SELECT 'x', toDateTime64('2100-01-01 00:00:00', 3)",
    f"EXPLAIN SELECT * FROM {SECRET}",
    f"EXPLAIN ESTIMATE SELECT * FROM {SECRET}",
    f"SHOW CREATE TABLE {SECRET}",
    f"DESCRIBE TABLE {SECRET}",
    f"EXISTS TABLE {SECRET}",
    f"CHECK TABLE {SECRET}",
    "SELECT hasColumnInTable('hailong', 'complaint', 'tax_code')",
    f"BACKUP TABLE {SECRET} TO File('/tmp/x')",
    "CREATE OR REPLACE VIEW v_office AS SELECT 1",
    "ALTER TABLE v_office MODIFY DEFINER = hailong_analyst SQL SECURITY DEFINER",
    "SHOW PROCESSLIST",
    "SHOW ACCESS",
    "SHOW GRANTS FOR hailong_handler",
    "KILL QUERY WHERE 1",
    *(
        f"SELECT * FROM system.{table}"
        for table in (
            *("asynchronous_inserts", "clusters", "data_skipping_indices", "dictionaries", "disks", "dropped_tables"),
            *("grants", "macros", "merges", "mutations", "named_collections", "parts", "parts_columns", "processes"),
            *("projections", "query_cache", "roles", "row_policies", "server_settings", "settings_profiles"),
            *("stack_trace", "user_directories", "user_processes", "users"),
        )
    ),
)


@pytest.mark.parametrize("role", READERS)
def test_nothing_leads_around_the_views(accounts: Accounts, role: str) -> None:
    """Table functions, catalogues, statements about tables, and other tables' definitions are refused."""
    for statement in AROUND:
        assert accounts.refusal(role, statement) in {DENIED, NOT_IN_READONLY, *NO_SUCH_TABLE}, statement


@pytest.mark.parametrize("role", READERS)
def test_they_see_no_table_in_any_catalogue(accounts: Accounts, role: str) -> None:
    """Lists of tables and columns hold views, and the table that an analyst may fill."""
    own = {"score_entry"} if role == "analyst" else set()
    for catalogue, name in (
        ("system.tables WHERE database = 'hailong'", "name"),
        ("system.columns WHERE database = 'hailong'", "table"),
    ):
        seen = {str(one) for (one,) in accounts.rows(role, f"SELECT DISTINCT {name} FROM {catalogue}")}
        assert {one for one in seen if not one.startswith("v_")} == own, catalogue
        assert len(seen) > 20


@pytest.mark.parametrize("role", [*READERS, "handler"])
@pytest.mark.parametrize("before", ["", "SET profile = 'hailong_service'", "SET profile = 'default'", "SET ROLE NONE"])
def test_fixed_settings_stay_fixed(accounts: Accounts, role: str, before: str) -> None:
    """Neither a query, nor another profile, nor no role changes what protects people or the server."""
    start = [before] if before else []
    for change in (
        "final = 0",
        "log_queries = 0",
        "send_logs_level = 'trace'",
        "compatibility = '20.1'",
        "additional_table_filters = {'hailong.complaint': '1'}",
        "additional_result_filter = '1'",
        "join_overflow_mode = 'break'",
        "set_overflow_mode = 'break'",
        "max_execution_time = 0",
        "max_execution_time = 121",
        "max_memory_usage = 0",
        "max_memory_usage = 10000000000",
        "max_result_rows = 0",
        "max_result_rows = 1000001",
    ):
        code = accounts.refusal(role, *start, f"SELECT 1 SETTINGS {change}")
        assert code in (FIXED, NOT_IN_READONLY), change
    assert accounts.refusal(role, *start, "SELECT 1 SETTINGS max_execution_time = 10, max_threads = 1") == 0


@pytest.mark.parametrize("role", READERS)
def test_a_setting_that_is_put_back_to_its_default_wins_no_right(accounts: Accounts, role: str) -> None:
    """Before 26.8 `SETTINGS x = DEFAULT` passes (ClickHouse#109473): limits go, rights and fixed settings stay."""
    unlocked = "SETTINGS readonly = DEFAULT"
    for statement in (
        f"INSERT INTO score_setting (name, value) {unlocked} SELECT 'min_opinions', 1",
        f"SELECT count() FROM {SECRET} {unlocked}",
        f"SELECT count() FROM v_complaints {unlocked}, additional_table_filters = {{'{SECRET}': '0'}}",
        f"SELECT count() FROM v_complaints {unlocked}, join_overflow_mode = 'break'",
    ):
        assert accounts.refusal(role, statement) in {DENIED, FIXED, NOT_IN_READONLY}, statement
    assert accounts.refusal(role, "SET readonly = DEFAULT", "SELECT 1 SETTINGS final = 0") in (FIXED, NOT_IN_READONLY)


def test_what_people_ask_in_an_hour_is_counted_and_limited(accounts: Accounts) -> None:
    """The quota counts each account by itself, and lasts when settings are put back; processes have none."""
    usage = "SELECT result_rows, max_queries, max_result_rows, max_execution_time FROM system.quota_usage"
    ((before, *limits),) = accounts.rows("handler", usage)
    assert limits == [10_000, 50_000_000, 3_600]
    accounts.rows("handler", "SELECT number FROM numbers(1000)")
    ((after, *_limits),) = accounts.rows("handler", usage)
    assert int(str(after)) == int(str(before)) + 1000
    assert accounts.rows("sink", usage) == []


def test_no_setting_lets_a_query_go_on_with_half_a_table(accounts: Accounts) -> None:
    """All `..._overflow_mode` are fixed but the one of the answer; a new one of a later server would be found here."""
    free = "SELECT name FROM system.settings WHERE name LIKE '%overflow_mode%' AND NOT readonly"
    for role in READERS:
        assert accounts.rows(role, free) == [("result_overflow_mode",)]


def test_a_long_answer_is_refused(accounts: Accounts) -> None:
    """A person gets at most a million rows from one query, and no part of more."""
    assert accounts.refusal("leader", "SELECT number FROM numbers(1000001)") == 396


def test_settings_of_a_query_do_not_reach_behind_a_view(accounts: Accounts) -> None:
    """Even one whose settings are not fixed cannot ask a view for columns that it hides; the operator is such a one.

    Nor if the migrator defines the view, because nobody has named another definer.
    """
    accounts.rows(
        "migrator",
        "INSERT INTO dead_letter (dead_letter_id, source_identity, row_version) VALUES (generateUUIDv4(), 'hidden', 1)",
    )
    asking = "SETTINGS additional_table_filters = {'hailong.dead_letter': 'source_identity != \\'hidden\\''}"
    (everything,) = accounts.rows("operator", "SELECT count() FROM v_dead_letters_open")
    assert accounts.rows("operator", f"SELECT count() FROM dead_letter {asking}") != [everything]
    for definer in ("hailong_migrator", DEFINER):
        accounts.rows("migrator", f"ALTER TABLE v_dead_letters_open MODIFY DEFINER = {definer} SQL SECURITY DEFINER")
        assert accounts.rows("operator", f"SELECT count() FROM v_dead_letters_open {asking}") == [everything]


def test_speed_and_limits_do_reach_behind_a_view(accounts: Accounts) -> None:
    """What only changes how a query runs, and what ends it, holds for the tables below a view as well."""
    settings = ("optimize_aggregation_in_order", "max_threads", "join_use_nulls", "final")
    asked = ", ' ', ".join(f"toString(getSetting('{name}'))" for name in settings)
    secure = f"DEFINER = {DEFINER} SQL SECURITY DEFINER"
    accounts.rows("migrator", f"CREATE VIEW v_test_settings {secure} AS SELECT concat({asked}) AS found")
    accounts.rows("migrator", f"CREATE VIEW v_test_slow {secure} AS SELECT sleepEachRow(1) AS a FROM numbers(9)")
    try:
        changed = "SETTINGS optimize_aggregation_in_order = 1, max_threads = 3, join_use_nulls = 1"
        assert accounts.rows("leader", f"SELECT found FROM v_test_settings {changed}") == [("true 3 false false",)]
        slow = "SELECT * FROM v_test_slow SETTINGS max_execution_time = 1, max_block_size = 1"
        assert accounts.refusal("leader", slow) == 159
    finally:
        accounts.rows("migrator", "DROP VIEW v_test_settings")
        accounts.rows("migrator", "DROP VIEW v_test_slow")


def test_handlers_see_each_case_once(accounts: Accounts) -> None:
    """`final` is on for people who read tables: of two versions of a row they see the newer one."""
    for version, state in enumerate(("OPENED", "CLOSED"), 1):
        accounts.rows(
            "migrator",
            "INSERT INTO complaint_case (complaint_id, office, state, row_version) "
            f"SELECT '00000000-0000-5000-8000-000000000001', 'F', '{state}', {version}",
        )
    assert accounts.rows("handler", "SELECT state FROM complaint_case WHERE office = 'F'") == [("CLOSED",)]
