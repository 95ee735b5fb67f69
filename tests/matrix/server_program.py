"""The embedded ClickHouse with an older engine: ``python server_program.py --path DIR``, the engine on PYTHONPATH.

Older engines lack some functions of the Python package that the server uses. What they lack is added here; statements,
and what they answer, are the engine's own.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import chdb

ONE_AT_A_TIME = threading.Lock()
"""25.8 waits for ever where a connection is opened while another has a query running."""


KEPT: list[Any] = []
"""Connections of 25.8 that are done."""


class AdaptedResult:
    """A result that counts no rows written, as those of older engines."""

    def __init__(self, result: Any) -> None:
        self._result = result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._result, name)

    def rows_written(self) -> int:
        """Not known."""
        return 0

    def bytes_written(self) -> int:
        """Not known."""
        return 0


class WholeAnswer:
    """A stream of one block."""

    def __init__(self, result: AdaptedResult) -> None:
        self._result = result

    def __iter__(self) -> Iterator[AdaptedResult]:
        if self._result.bytes():
            yield self._result

    def close(self) -> None:
        """Nothing is left to end."""


class AdaptedConnection:
    """A connection of an older engine: parameters become settings of the session, as ``clickhouse local`` has them."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def _set(self, params: Mapping[str, str] | None) -> None:
        for name, value in (params or {}).items():
            text = str(value).replace("\\", "\\\\").replace("'", "\\'")
            self._connection.query(f"SET param_{name} = '{text}'", "Null")

    def close(self) -> None:
        """In 25.8 a connection that is closed or forgotten takes the engine from all others, so there it is kept."""
        if hasattr(self._connection, "set_progress_callback"):
            self._connection.close()
        else:
            KEPT.append(self._connection)

    def set_progress_callback(self, callback: Any) -> None:
        """25.8 reports no progress."""
        if hasattr(self._connection, "set_progress_callback"):
            self._connection.set_progress_callback(callback)

    def query(self, sql: str, output: str = "CSV", params: Mapping[str, str] | None = None) -> AdaptedResult:
        """A statement and its whole answer."""
        with ONE_AT_A_TIME:
            self._set(params)
            return AdaptedResult(self._connection.query(_named(sql), output))

    def send_query(self, sql: str, output: str = "CSV", params: Mapping[str, str] | None = None) -> Any:
        """A statement and its answer in blocks."""
        return WholeAnswer(self.query(sql, output, params))


def _named(sql: str) -> str:
    """In 25.8 the only user, `default`, defines views but has no name in a session."""
    return sql.replace("currentUser()", "'default'")


def main() -> int:
    """Serve until SIGTERM."""
    connect: Callable[[str], Any] = chdb.connect
    probe = connect(":memory:")
    lacks = not hasattr(probe.query("SELECT 1", "CSV"), "rows_written")
    probe.close()

    def adapted(dsn: str) -> AdaptedConnection:
        with ONE_AT_A_TIME:
            return AdaptedConnection(connect(dsn))

    if lacks:
        setattr(chdb, "connect", adapted)  # noqa: B010 - it has another type
    from deploy.local.clickhouse.__main__ import main as serve  # noqa: PLC0415 - after the engine was adapted

    return serve()


if __name__ == "__main__":
    sys.exit(main())
