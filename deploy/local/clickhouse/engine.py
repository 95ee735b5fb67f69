"""The chDB engine of this process: directory, accounts, connections."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import chdb

from deploy.local.clickhouse.accounts import Account
from deploy.local.clickhouse.configuration import write_configuration
from deploy.local.clickhouse.errors import ServerError
from deploy.local.clickhouse.insert_spool import Spool
from deploy.local.clickhouse.running import RunningStatements

VERSION: tuple[int, ...] = tuple(int(part) for part in chdb.engine_version.split(".")[:3])
MAIN_DATABASE: Final = "main"
"""The database of clients that name none, or `default`.

chDB's own `default` is an overlay over the server's files: it looks for tables among them.
"""


class DirectoryInUseError(RuntimeError):
    """Another server holds the data directory."""


class Engine:
    """The only engine of this process; open it once, before clients connect.

    Args:
        directory: of the data; created if missing.
        accounts: who may sign in.
        settings: defaults of every session, such as ``max_memory_usage``.

    Raises:
        DirectoryInUseError: another server has the directory.
        ServerError: the engine does not start.
    """

    def __init__(self, directory: Path, accounts: Sequence[Account], settings: Mapping[str, str] | None = None) -> None:
        directory = directory.resolve()
        directory.mkdir(parents=True, exist_ok=True)
        # chDB refuses a second process too, but without a reason.
        self._lock = _lock(directory)
        self.accounts = tuple(accounts)
        self._spool = directory / "spool"
        self._spool.mkdir(exist_ok=True)
        config = write_configuration(directory, dict(settings or {}))
        self._dsn = f"{directory / 'data'}?config-file={config}"
        try:
            # Kept open: the engine stops with its last connection.
            self._root: Any = self.connect()
            self._root.query(f"CREATE DATABASE IF NOT EXISTS {MAIN_DATABASE} ENGINE = Atomic", "Null")
            self.time_zone = self._lines("SELECT serverTimezone()")[0]
            self.known_settings = frozenset(self._lines("SELECT name FROM system.settings"))
            self.running = RunningStatements(self.connect)
        except Exception as error:
            os.close(self._lock)
            raise ServerError.of(error) from error

    def _lines(self, query: str) -> list[str]:
        text: str = self._root.query(query, "TSVRaw").bytes().decode()
        return text.splitlines()

    def connect(self, **settings: str) -> Any:
        """A new chDB connection: connections run in parallel, queries of one connection in turn.

        Args:
            settings: of the connection, with values that need no escapes.
        """
        try:
            return chdb.connect("&".join((self._dsn, *(f"{name}={value}" for name, value in settings.items()))))  # type: ignore[no-untyped-call]
        except Exception as error:
            raise ServerError.of(error) from error

    def spool(self) -> Spool:
        """An empty spool for the rows of one INSERT."""
        return Spool(self._spool)

    def close(self) -> None:
        """Stop the engine and unlock the directory."""
        self.running.close()
        self._root.close()
        os.close(self._lock)


def _lock(directory: Path) -> int:
    file = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(file, 20, 0).decode(errors="replace").strip() or "unknown"
        os.close(file)
        raise DirectoryInUseError(f"{directory} is in use by another server (process {owner})") from error
    os.ftruncate(file, 0)
    os.pwrite(file, str(os.getpid()).encode(), 0)
    return file
