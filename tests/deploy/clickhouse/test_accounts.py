"""Accounts of `deploy/clickhouse/users.xml` on a real ClickHouse: passwords, and what happens when a definer goes."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.clickhouse_rights import USERS, Accounts, password_of, server_with_rights
from support.clickhouse_server import ROOT
from support.extras import needs_clickhouse_server
from support.polling import DEADLINE_S

from deploy.clickhouse.files import NOBODY, variable
from deploy.clickhouse.roles import DEFINER, ROLES, Role
from deploy.local.ports import free_port
from schemas.errors import SystemFault
from schemas.http_client import HttpClient
from sinks.clickhouse.client import session
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.migrate import migrate

pytestmark = [pytest.mark.servers, needs_clickhouse_server]

INSERT = "INSERT INTO declaration_status (event_id, declaration_no, status) SELECT 'e', '100000000010', 'REGISTERED'"


def status_of(accounts: Accounts, user: str, password: str) -> int | None:
    """The HTTP status with which the server answers somebody who signs in."""
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    address = f"http://127.0.0.1:{accounts.server.http_port}/"
    answer = HttpClient(DEADLINE_S, use_proxy=False).send(
        "POST", address, b"SELECT currentUser()", {"Authorization": f"Basic {token}"}
    )
    return answer.status


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_an_account_has_its_own_password_and_no_other(accounts: Accounts, role: Role) -> None:
    """Nobody signs in without a password, with another's, or with a hash; and nobody at all as the definer."""
    assert status_of(accounts, role.user, password_of(role.name)) == (200 if role.signs_in else 403)
    for wrong in ("", "x", NOBODY, role.user, password_of("other")):
        assert status_of(accounts, role.user, wrong) == 403


@pytest.mark.parametrize("hashed", [None, "", "secret", "0" * 63])
def test_the_server_refuses_the_file_without_hashes(tmp_path: Path, hashed: str | None) -> None:
    """A hash that is missing, empty or none does not leave an account open: the server does not start."""
    environment = {**os.environ, **{variable(role): "1" * 64 for role in ROLES}}
    environment.pop(variable(ROLES[-1]))
    if hashed is not None:
        environment[variable(ROLES[-1])] = hashed
    command = [sys.executable, "-m", "deploy.local.clickhouse_server", "--path", str(tmp_path), "--users", str(USERS)]
    ports = ["--port", str(free_port()), "--http-port", str(free_port())]
    ended = subprocess.run(
        [*command, *ports], cwd=ROOT, env=environment, capture_output=True, timeout=DEADLINE_S, check=False
    )
    assert ended.returncode == 1
    assert b"ready" not in ended.stdout


def insert(connection: ClickHouseConnection) -> None:
    """A row as the sink inserts it."""
    with session(connection) as client:
        client.execute(INSERT)


def test_when_a_definer_is_gone_migrate_names_another(tmp_path: Path) -> None:
    """Inserts and views stop with the name of the user who is missing; after `hailong migrate` both go on."""
    users = tmp_path / "users.xml"
    text = USERS.read_text(encoding="utf-8")
    users.write_text(text, encoding="utf-8")
    with server_with_rights(tmp_path / "server", users) as accounts:
        sink, leader = accounts.connection("sink"), "leader"
        insert(sink)
        accounts.server.stop()
        text = text.replace("hailong_migrator>", "hailong_next>").replace(f"{DEFINER}>", "hailong_newer_views>")
        users.write_text(text.replace(f"SET DEFINER ON {DEFINER}", "SET DEFINER ON hailong_newer_views"))
        accounts.server.start()

        with pytest.raises(
            SystemFault, match=r"UNKNOWN_USER \(192\): There is no user `hailong_migrator`.*hailong migrate"
        ):
            insert(sink)
        assert accounts.refusal(leader, "SELECT * FROM v_declarations") == 192

        next_one = replace(accounts.connection("migrator"), user="hailong_next", view_definer="hailong_newer_views")
        changed = migrate(next_one)
        assert {"definer of v_declarations", "definer of position_of_declaration_status"} <= set(changed)
        assert all(name.startswith("definer of ") for name in changed)
        insert(sink)
        assert accounts.rows(leader, "SELECT declaration FROM v_declarations") == [(10000000001,)]
        assert migrate(next_one) == []
