"""ClickHouse servers for tests: the embedded one, and the real one."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from clickhouse_driver.errors import Error as DriverError

from deploy.local.clickhouse_kind import READER, ClickHouseKind
from deploy.local.ports import free_port, listens
from deploy.local.supervisor.child import bound_command
from sinks.clickhouse.client import connect, session
from sinks.clickhouse.connection import ClickHouseConnection
from support.polling import DEADLINE_S, eventually

PASSWORD = "tests"
READER_PASSWORD = "reading tests"
"""Of the user READER, who may only read; servers with a users.xml have none."""

_STOP_S = 60.0
ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """
import sys
from importlib import import_module
room, right = sys.argv.pop(1), sys.argv.pop(1)
configuration = import_module(f"{room}.configuration")
if right:
    left = [part.strip() for part in configuration.ON_TABLES.split(",")]
    left.remove(right)
    configuration.ON_TABLES = ", ".join(left)
import_module(f"{room}.__main__").main()
"""
"""Starts a server; without one of the rights that its user normally has, if one is named."""

_ROOMS = {
    ClickHouseKind.EMBEDDED: "deploy.local.clickhouse",
    ClickHouseKind.SERVER: "deploy.local.clickhouse_server",
}


class ClickHouseServer:
    """A ClickHouse, which tests may kill and start again on the same ports and directory.

    Args:
        directory: For its data and its log.
        kind: Which one.
        users: A users.xml for the real server, instead of the two users that it has otherwise. It may not use the name
            `default`, and grants TABLE ENGINE to those who create tables.
    """

    def __init__(
        self, directory: Path, kind: ClickHouseKind = ClickHouseKind.EMBEDDED, users: Path | None = None
    ) -> None:
        assert users is None or kind is ClickHouseKind.SERVER, "the embedded ClickHouse has two users"
        self.kind = kind
        self.http_port = free_port()
        self._port = free_port()
        self._users = users
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, password: str = PASSWORD, without: str = "") -> None:
        """Start it and wait until it listens.

        Args:
            password: Of its user.
            without: A right that its user does not have this time, e.g. INSERT.
        """
        self._directory.mkdir(exist_ok=True)
        command = [
            *(sys.executable, "-c", _PROGRAM, _ROOMS[self.kind], without, "--path", str(self._directory / "data")),
            *("--port", str(self._port), "--http-port", str(self.http_port), *self._who(password)),
        ]
        with (self._directory / "clickhouse.log").open("ab") as log:
            process = subprocess.Popen(bound_command(command), cwd=ROOT, stdout=log, stderr=log)
        self._process = process
        connection = self.connection(password=password)

        def ready() -> bool:
            # The embedded one listens before its engine has read its tables, and may hang if it is stopped meanwhile.
            # The real one is only knocked at: a wrong password, or a user who is not in `users`, would end it.
            return self._listens() and (self.kind is ClickHouseKind.SERVER or answers(connection))

        eventually(lambda: process.poll() is not None or ready(), "ClickHouse is ready or ends")
        assert process.poll() is None, f"ClickHouse ended at its start; see {self._directory / 'clickhouse.log'}"

    def _listens(self) -> bool:
        return listens("127.0.0.1", self._port) and listens("127.0.0.1", self.http_port)

    def _who(self, password: str) -> tuple[str, ...]:
        if self._users is not None:
            return "--users", str(self._users)
        file = self._directory / "password"
        file.write_text(password, encoding="utf-8")
        reader = self._directory / "reader-password"
        reader.write_text(READER_PASSWORD, encoding="utf-8")
        return "--password-file", str(file), "--reader", READER, "--reader-password-file", str(reader)

    def start_if_ended(self) -> None:
        """Start the real server after a wrong password or database over its native port, which ends it."""
        if self.kind is ClickHouseKind.SERVER:
            assert self._process is not None
            self._process.wait(DEADLINE_S)
            self.start()

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """SIGTERM, if it runs; SIGKILL if that does not end it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def connection(self, database: str = "default", user: str = "", password: str = PASSWORD) -> ClickHouseConnection:
        """How to reach a database of it.

        Args:
            database: Its name.
            user: By default the one that a server has if no users.xml is named.
            password: The user's.
        """
        return ClickHouseConnection(port=self._port, user=user or self.kind.user, password=password, database=database)


@contextmanager
def running_clickhouse(
    directory: Path, kind: ClickHouseKind = ClickHouseKind.EMBEDDED, users: Path | None = None
) -> Iterator[ClickHouseServer]:
    """A running server."""
    server = ClickHouseServer(directory, kind, users)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def answers(clickhouse: ClickHouseConnection) -> bool:
    """Whether a ClickHouse answers."""
    client = connect(clickhouse, database="default", timeout_s=10)
    try:
        return bool(client.execute("SELECT 1"))
    except (DriverError, EOFError, OSError):
        return False
    finally:
        client.disconnect()


def drop_databases(connection: ClickHouseConnection, prefix: str) -> None:
    """Drop the databases whose names begin so: a server goes on merging tables that no test uses any more."""
    with session(replace(connection, database="default"), timeout_s=DEADLINE_S) as client:
        for (name,) in client.execute("SELECT name FROM system.databases"):
            if name.startswith(prefix):
                client.execute(f"DROP DATABASE `{name}`")
