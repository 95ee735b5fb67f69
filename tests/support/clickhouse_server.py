"""The embedded ClickHouse as a server for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from clickhouse_driver.errors import Error as DriverError

from deploy.local.ports import free_port
from deploy.local.supervisor.child import bound_command
from sinks.clickhouse.client import connect, session
from sinks.clickhouse.connection import ClickHouseConnection
from support.polling import DEADLINE_S, eventually

PASSWORD = "tests"
ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """
import sys
from deploy.local.clickhouse import configuration
configuration._GRANTS = configuration._GRANTS.replace(sys.argv.pop(1) or " ", " ").replace(" ,", "")
from deploy.local.clickhouse.__main__ import main
main()
"""
"""Starts the server without one of the rights that its user normally has."""


class ClickHouseServer:
    """The embedded ClickHouse, which tests may kill and start again on the same port and directory.

    Args:
        directory: For its data and its log.
    """

    def __init__(self, directory: Path) -> None:
        self._port = free_port()
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, password: str = PASSWORD, without: str = "") -> None:
        """Start it and wait until it answers.

        Args:
            password: Of its user.
            without: A right that its user does not have this time, e.g. INSERT.
        """
        command = [
            *(sys.executable, "-c", _PROGRAM, without, "--path", str(self._directory / "data")),
            *("--host", "127.0.0.1", "--port", str(self._port)),
        ]
        environment = {**os.environ, "HAILONG_CLICKHOUSE_PASSWORD": password}
        with (self._directory / "clickhouse.log").open("ab") as log:
            process = subprocess.Popen(bound_command(command), cwd=ROOT, env=environment, stdout=log, stderr=log)
        self._process, connection = process, replace(self.connection(), password=password)
        eventually(lambda: process.poll() is not None or answers(connection), "ClickHouse answers or ends")
        assert process.poll() is None, "ClickHouse ended at its start"

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
            self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def connection(self, database: str = "default") -> ClickHouseConnection:
        """How to reach a database of it."""
        return ClickHouseConnection(port=self._port, password=PASSWORD, database=database)


@contextmanager
def embedded_clickhouse(directory: Path) -> Iterator[ClickHouseServer]:
    """A running server."""
    server = ClickHouseServer(directory)
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
