"""Who sent a denunciation, asked with the accounts of analysts and leaders on a real ClickHouse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clickhouse_driver.errors import ServerException
from support.clickhouse_rights import Accounts, server_with_rights
from support.denunciation_worlds import SECRETS, number, records_of, store
from support.extras import needs_clickhouse_server
from support.readable_rows import OF_DECLARATIONS, seen

from schemas.ids import complaint_id
from sinks.clickhouse.client import session

pytestmark = [pytest.mark.servers, pytest.mark.long, needs_clickhouse_server]

SECRET = SECRETS["two offices"]
CASES = [complaint_id(number(SECRET.declaration)[:11], SECRET.sheet_id, office) for office in ("03CC", "03EE")]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """A server with the accounts, into whose tables the sink has inserted a world with a denunciation."""
    with server_with_rights(tmp_path_factory.mktemp("protected-people")) as accounts:
        with session(accounts.connection("sink")) as client:
            store(client, records_of("two offices"))
        yield accounts


@pytest.mark.parametrize("role", ["analyst", "leader"])
def test_views_answer_and_do_not_name_the_sender(filled: Accounts, role: str) -> None:
    """Every view answers, though its definer may set nothing; no row holds the sheet or the ids of its cases."""
    with session(filled.connection(role), timeout_s=300) as client:
        found = seen(client)
    assert sum(map(len, found.values())) > 500
    hidden = [repr(SECRET.sheet_id), repr(number(SECRET.declaration)), *CASES]
    for call, rows in found.items():
        if not call.startswith(OF_DECLARATIONS):
            assert not [row for row in rows if any(one in row for one in hidden)], call
    shown = filled.rows(role, "SELECT protected, declaration_no, sheet_id, tax_code FROM v_cases WHERE protected")
    assert shown == [(True, "", "", "")]


@pytest.mark.parametrize("role", ["analyst", "leader"])
@pytest.mark.parametrize("setting", ["additional_table_filters = {'hailong.hidden_sheet': '0'}", "max_rows_in_set = 1"])
def test_settings_do_not_help(filled: Accounts, role: str, setting: str) -> None:
    """A setting that reaches below views is refused, or changes nothing."""
    query = f"SELECT count() FROM v_sheets WHERE sheet_id = '{SECRET.sheet_id}' SETTINGS {setting}"
    try:
        found = filled.rows(role, query)
    except ServerException:
        return
    assert found == [(0,)]


def test_handlers_see_the_case_whole(filled: Accounts) -> None:
    """Who works on the case reads in the tables what views do not show."""
    query = "SELECT sheet_id, declaration_no FROM complaint FINAL WHERE toString(complaint_id) = "
    assert filled.rows("handler", f"{query}'{CASES[0]}'") == [(SECRET.sheet_id, number(SECRET.declaration))]
