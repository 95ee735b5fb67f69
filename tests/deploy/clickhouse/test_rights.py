"""What each account of `deploy/clickhouse/users.xml` may do on a real ClickHouse: this, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pytest
from support.cases import complaint
from support.clickhouse_rights import DENIED, NOT_IN_READONLY, PARAMETERS, Accounts
from support.extras import needs_clickhouse_server

from deploy.admin.complaints.sheet_places import places_of
from sinks.clickhouse.sql_files import view_files

pytestmark = [pytest.mark.servers, needs_clickhouse_server]

VIEWS = frozenset(file.name for file in view_files() if file.name.startswith("v_"))
LOGS = frozenset({"log_epoch", "log_position", "schema_migration"})
CASES = frozenset({"complaint", "complaint_case", "complaint_event", "complaint_action", "complaint_answer"})
FILLED = CASES | {
    *("declaration_status", "rating", "rating_item", "rated_service", "satisfaction", "office_count", "alert"),
    "alert_action",
    *("dead_letter", "dead_letter_action", "log_epoch"),
}
READS: Mapping[str, frozenset[str]] = {
    "sink": LOGS,
    "auditor": LOGS | {"retention_limit"},
    "leader": VIEWS,
    "analyst": VIEWS,
    "handler": CASES
    | {name for name in VIEWS if name.startswith(("v_case", "v_complaint"))}
    | {"v_declarations", "v_office"},
    "operator": LOGS
    | {
        "retention_limit",
        "dead_letter",
        "dead_letter_action",
        "score_setting",
        "v_score_766_at",
        "v_score_period",
        "v_dead_letters_open",
        "v_target_known_outdated",
    }
    | ({"v_freshness"} & VIEWS),
}
"""Tables and views that each role may read whole."""
INSERTS: Mapping[str, frozenset[str]] = {
    "sink": FILLED,
    "analyst": frozenset({"score_entry"}),
    "operator": frozenset({"score_setting", "closed_score"}),
}
"""Tables that each role may insert into; all others none."""
ENTERED = {
    "score_entry": "period, period_start, unit_level, unit, criterion, numerator, denominator, points, source",
    "score_setting": "name, value",
    "closed_score": "period, period_start, unit_level, unit, criterion, numerator, denominator, ratio, points, "
    "maximum, basis, measured, confidence, known_until",
}
"""Columns that people enter; of other tables it is all that are no expression."""


def everything(accounts: Accounts) -> Sequence[tuple[str, str, str]]:
    """Name, engine and statement of each table and view of the database."""
    found = accounts.rows(
        "migrator",
        "SELECT name, engine, create_table_query FROM system.tables WHERE database = 'hailong' ORDER BY name",
    )
    return [(str(name), str(engine), str(statement)) for name, engine, statement in found]


def called(name: str, statement: str) -> str:
    """A view as it is read: with values for its parameters, if it has any."""
    parameters = dict(re.findall(r"\{(\w+):\s*([^}]+)\}", statement))
    if not parameters:
        return name
    return f"{name}({', '.join(f'{one} = {PARAMETERS[kind]}' for one, kind in parameters.items())})"


def columns_of(accounts: Accounts, table: str) -> str:
    """The columns that an INSERT may name."""
    found = accounts.rows(
        "migrator",
        f"SELECT name FROM system.columns WHERE database = 'hailong' AND table = '{table}' "
        "AND default_kind != 'MATERIALIZED' ORDER BY position",
    )
    return ", ".join(f"`{name}`" for (name,) in found)


@pytest.mark.parametrize("role", READS)
def test_each_role_reads_what_it_needs_and_no_more(accounts: Accounts, role: str) -> None:
    """Every table and view is tried; a view that was added is in the list without an edit."""
    codes = {
        name: accounts.refusal(role, f"SELECT * FROM {called(name, statement)} LIMIT 0")
        for name, _engine, statement in everything(accounts)
    }
    assert {name for name, code in codes.items() if code == 0} == READS[role]
    assert {code for code in codes.values() if code} == {DENIED}


@pytest.mark.parametrize("role", READS)
def test_each_role_inserts_what_it_must_and_no_more(accounts: Accounts, role: str) -> None:
    """Every table is tried, with the columns that the role needs."""
    tables = [name for name, engine, _statement in everything(accounts) if not engine.endswith("View")]
    codes = {
        name: accounts.refused_insert(role, name, ENTERED.get(name) or columns_of(accounts, name)) for name in tables
    }
    allowed = {name for name, code in codes.items() if code == 0}
    assert set(codes.values()) <= {0, DENIED, NOT_IN_READONLY}
    assert allowed == INSERTS.get(role, set())


@pytest.mark.parametrize("role", READS)
def test_no_role_changes_or_removes_anything(accounts: Accounts, role: str) -> None:
    """Tables and views are neither altered, nor emptied, nor dropped, nor exchanged, and none is made."""
    for name, engine, _statement in everything(accounts):
        kind = "VIEW" if engine.endswith("View") else "TABLE"
        for statement in (
            f"ALTER TABLE {name} MODIFY COMMENT 'x'",
            f"ALTER TABLE {name} DELETE WHERE 1",
            f"TRUNCATE TABLE {name}",
            f"DROP {kind} {name}",
            f"RENAME TABLE {name} TO {name}_other",
        ):
            assert accounts.refusal(role, statement) in (DENIED, NOT_IN_READONLY), statement
    for statement in (
        "CREATE TABLE mine (a UInt8) ENGINE = MergeTree ORDER BY a",
        "CREATE TEMPORARY TABLE mine (a UInt8)",
        "CREATE VIEW mine AS SELECT 1",
        "CREATE DATABASE mine",
        "CREATE FUNCTION mine AS a -> a",
        "CREATE USER mine",
        "GRANT SELECT ON hailong.* TO hailong_analyst",
        "DROP DATABASE hailong",
        "SYSTEM STOP MERGES system.query_log",
        "SYSTEM SHUTDOWN",
    ):
        assert accounts.refusal(role, statement) in (DENIED, NOT_IN_READONLY), statement


def test_a_handler_finds_the_record_of_a_sheet_and_nothing_else_of_it(accounts: Accounts) -> None:
    """What `hailong complaint show` asks for is allowed; scores, enterprise, time and length of a text are not."""
    assert places_of(accounts.connection("handler"), complaint(0, sheet_id="not stored")) == []
    for columns in ("tax_code", "submitted_at", "written_at", "lowest_score", "phase", "comment_length", "has_contact"):
        assert accounts.refusal("handler", f"SELECT {columns} FROM rating") == DENIED
    assert accounts.refusal("handler", "SELECT sheet_id FROM rating WHERE lowest_score = 1") == DENIED
    assert accounts.refusal("handler", "SELECT score FROM rating_item") == DENIED


def test_an_operator_can_operate(accounts: Accounts) -> None:
    """Merges, logs, running queries and definitions are the operator's; so are the numbers that protect officials."""
    for statement in (
        "OPTIMIZE TABLE complaint FINAL",
        "SYSTEM STOP MERGES hailong.complaint",
        "SYSTEM START MERGES hailong.complaint",
        "SYSTEM FLUSH LOGS",
        "KILL QUERY WHERE query_id = 'none'",
        "SHOW CREATE TABLE complaint",
        "SELECT query FROM system.processes",
        "SELECT sum(bytes_on_disk) FROM system.parts WHERE database = 'hailong'",
        "INSERT INTO score_setting (name, value) SELECT 'min_opinions', 31",
    ):
        assert accounts.refusal("operator", statement) == 0, statement
    dated = "INSERT INTO score_setting (name, value, changed_at) SELECT 'min_opinions', 1, '2100-01-01 00:00:00'"
    assert accounts.refusal("operator", dated) == DENIED
    assert accounts.rows("operator", "SELECT value FROM score_setting FINAL WHERE name = 'min_opinions'") == [(31,)]
