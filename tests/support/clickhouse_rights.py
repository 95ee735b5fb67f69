"""A real ClickHouse with the users of `deploy/clickhouse/users.xml`, and a migrated database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from clickhouse_driver.errors import ServerException

from deploy.clickhouse.files import variable
from deploy.clickhouse.roles import DEFINER, ROLES
from deploy.local.clickhouse_kind import ClickHouseKind
from sinks.clickhouse.client import connect
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.native.column_client import ColumnClient
from support.clickhouse_server import ROOT, ClickHouseServer, running_clickhouse

USERS = ROOT / "deploy" / "clickhouse" / "users.xml"
DENIED, NOT_IN_READONLY = 497, 164
"""ACCESS_DENIED, READONLY."""
PARAMETERS = {
    "Date": "'2020-05-01'",
    "DateTime64(3, 'UTC')": "'2020-06-01 00:00:00'",
    "String": "'MONTH'",
    "UInt8": "1",
    "UInt16": "1",
    "UInt32": "1",
}
"""A value for a parameter of a view, by its type."""


def password_of(role: str) -> str:
    """The password of the account of a role on the test server."""
    return f"of {role}"


@dataclass(frozen=True, slots=True)
class Accounts:
    """The server, and its accounts."""

    server: ClickHouseServer

    def connection(self, role: str) -> ClickHouseConnection:
        """How a role's account reaches the database."""
        found = self.server.connection("hailong", f"hailong_{role}", password_of(role))
        return replace(found, view_definer=DEFINER)

    def rows(self, role: str, statement: str) -> list[tuple[object, ...]]:
        """Rows of a statement; raises what the driver raises."""
        with self._client(role) as client:
            found: list[tuple[object, ...]] = client.execute(statement)
            return found

    def refusal(self, role: str, *statements: str) -> int:
        """Code of the error with which the last of these statements is refused in one session; 0: it is not."""
        *before, last = statements
        with self._client(role) as client:
            for statement in before:
                client.execute(statement)
            return _code(lambda: client.execute(last))

    def refused_insert(self, role: str, table: str, columns: str) -> int:
        """Code of the error with which an INSERT of no rows is refused; 0: it is not."""
        with self._client(role) as client:
            return _code(lambda: client.execute(f"INSERT INTO {table} ({columns}) VALUES", []))

    @contextmanager
    def _client(self, role: str) -> Iterator[ColumnClient]:
        client = connect(self.connection(role))
        try:
            yield client
        finally:
            client.disconnect()


def _code(run: Callable[[], object]) -> int:
    try:
        run()
    except ServerException as error:
        return int(error.code)
    return 0


@contextmanager
def server_with_rights(directory: Path, users: Path = USERS) -> Iterator[Accounts]:
    """A running server with our users, and a database that the migrator has made."""
    with pytest.MonkeyPatch.context() as patch:
        for role in ROLES:
            patch.setenv(variable(role), hashlib.sha256(password_of(role.name).encode()).hexdigest())
        with running_clickhouse(directory, ClickHouseKind.SERVER, users) as server:
            accounts = Accounts(server)
            migrate(accounts.connection("migrator"))
            yield accounts
