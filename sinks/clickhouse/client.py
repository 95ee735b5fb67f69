"""Connections to ClickHouse: the one way in which product code reaches it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from schemas.errors import Unavailable
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.errors import translated
from sinks.clickhouse.native.column_client import ColumnClient

# The driver logs a traceback for each refused connection. The error is raised as well, and one report is enough.
_QUIET = logging.getLogger("clickhouse_driver")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False

INSERT_SETTINGS: Mapping[str, Any] = {
    # Acknowledged means stored: an asynchronous insert is acknowledged while it waits (default since 26.3).
    "async_insert": 0,
    # A block that is repeated because only its positions are missing must reach the views again (ClickHouse#76110).
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "insert_deduplicate": 1,
    # By default a block may hold a hundred months. Accepted times span more, and the block of a backfill that held them
    # would be repeated for ever.
    "max_partitions_per_insert_block": 0,
    # Duplicates within a block are left to the merge, like those between blocks: every reader uses FINAL, and looking
    # for them takes a fifth of the server's time for a block of statuses.
    "optimize_on_insert": 0,
}
"""Sent with every insert, because servers change these defaults between versions."""


def connect(
    connection: ClickHouseConnection,
    *,
    database: str | None = None,
    timeout_s: float = 60.0,
    connect_timeout_s: float = 5.0,
    driver_settings: Mapping[str, Any] | None = None,
) -> ColumnClient:
    """A client that connects with its first statement, and again after an error.

    Args:
        connection: Address and credentials.
        database: Used instead of the connection's own.
        timeout_s: Seconds to wait for an answer; after that the outcome is unknown.
        connect_timeout_s: Seconds to wait for a connection.
        driver_settings: How the driver reads and writes values, such as `strings_as_bytes`.
    """
    client = ColumnClient(
        host=connection.host,
        port=connection.port,
        user=connection.user,
        password=connection.password,
        database=connection.database if database is None else database,
        secure=connection.secure,
        ca_certs=None if connection.ca_file is None else str(connection.ca_file),
        connect_timeout=connect_timeout_s,
        send_receive_timeout=timeout_s,
        sync_request_timeout=connect_timeout_s,
        client_name="hailong",
        settings=driver_settings,
    )
    client.cluster = connection.cluster
    return client


@contextmanager
def session(
    connection: ClickHouseConnection, *, database: str | None = None, timeout_s: float = 60.0
) -> Iterator[ColumnClient]:
    """A connected client for a few statements; errors of the driver inside the `with` block are raised as ours.

    Raises:
        SystemFault: The server refuses the user, the password, the database or a statement.
        Unavailable: The server does not answer.
        OutcomeUnknown: The connection broke before the answer.
    """
    client = connect(connection, database=database, timeout_s=timeout_s)
    try:
        with translated(connection):
            try:
                client.execute("SELECT 1")
            except EOFError as error:
                # A server that starts or ends hangs up like this. Nothing was asked yet whose outcome could be unknown.
                where = f"{connection.host}:{connection.port}"
                raise Unavailable(f"ClickHouse at {where} hung up before it answered. Is it running?") from error
            yield client
    finally:
        client.disconnect()


def query(connection: ClickHouseConnection, sql: str, *, timeout_s: float = 60.0) -> list[tuple[Any, ...]]:
    """Rows of one query, over a connection of its own; raises what `session` raises."""
    with session(connection, timeout_s=timeout_s) as client:
        rows: list[tuple[Any, ...]] = client.execute(sql)
        return rows
