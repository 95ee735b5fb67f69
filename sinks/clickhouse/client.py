"""Connections to ClickHouse, with the settings that every statement of ours needs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.errors import translated
from sinks.clickhouse.native.frame_client import FrameClient

# The driver logs a traceback for each refused connection; what matters is raised as an error, and said by us once.
_QUIET = logging.getLogger("clickhouse_driver")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False

INSERT_SETTINGS: Mapping[str, Any] = {
    # Acknowledged means stored: an asynchronous insert is acknowledged while it waits (default since 26.3).
    "async_insert": 0,
    # A repeated block whose positions are missing must reach the views again (anchors: ClickHouse#76110).
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "insert_deduplicate": 1,
    # Accepted times span more than the hundred months that a block may have by default: so may the block of a backfill,
    # which would be repeated for ever.
    "max_partitions_per_insert_block": 0,
    # Repetitions within a block are left to the merge, as those between blocks are: every reader says FINAL, and to
    # look for them is a fifth of what a block of statuses costs the server.
    "optimize_on_insert": 0,
}
"""Sent with every insert; servers change these defaults between versions."""


def connect(
    connection: ClickHouseConnection,
    *,
    database: str | None = None,
    timeout_s: float = 60.0,
    connect_timeout_s: float = 5.0,
) -> FrameClient:
    """A client that is not connected yet; it connects with its first statement, and again after an error.

    Args:
        connection: Address and credentials.
        database: Instead of the connection's own.
        timeout_s: How long to wait for an answer; after it the outcome is unknown.
        connect_timeout_s: How long to wait for a connection.
    """
    return FrameClient(
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
        client_name="hailong sink",
    )


@contextmanager
def session(
    connection: ClickHouseConnection, *, database: str | None = None, timeout_s: float = 60.0
) -> Iterator[FrameClient]:
    """A client for a few statements; what goes wrong inside comes out in our words.

    Raises:
        SystemFault: The server refuses user, password, database or statement.
        Unavailable: It does not answer.
        OutcomeUnknown: The answer was lost.
    """
    client = connect(connection, database=database, timeout_s=timeout_s)
    try:
        with translated(connection):
            client.execute("SELECT 1")
            yield client
    finally:
        client.disconnect()
