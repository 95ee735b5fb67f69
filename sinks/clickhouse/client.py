"""Connections to ClickHouse, and the one way in which rows are inserted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from clickhouse_driver import Client

from sinks.clickhouse.faults import as_hailong
from sinks.connection import ClickHouseConnection

INSERT_SETTINGS: Mapping[str, Any] = {
    # Said explicitly, because defaults changed between versions: since 26.3 inserts are asynchronous by default, since
    # 26.2 deduplication is on by default. An acknowledged insert must be a stored one.
    "async_insert": 0,
    "insert_deduplicate": 1,
    # Without it a repeated block is dropped by the table but counted again by its views, or the other way round.
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "max_insert_block_size": 1_048_576,
}
MAX_BLOCK_ROWS = 1_000_000
"""More rows than the driver sends in one block would be split, and a token covers one block."""


def connect(connection: ClickHouseConnection, *, database: bool = True, timeout_s: int = 30) -> Client:
    """A client; it connects at its first query.

    Args:
        connection: Where to.
        database: Whether to use the database of hailong, which must exist.
        timeout_s: For connecting (at most 10 s) and for each answer.
    """
    return Client(
        host=connection.host,
        port=connection.port,
        user=connection.user,
        password=connection.password,
        database=connection.database if database else "",
        secure=connection.secure,
        ca_certs=str(connection.ca_file) if connection.ca_file else None,
        connect_timeout=min(timeout_s, 10),
        send_receive_timeout=timeout_s,
        sync_request_timeout=5,
        client_name="hailong",
    )


def insert(client: Client, table: str, columns: Sequence[str], data: Sequence[Sequence[Any]], token: str) -> None:
    """Insert one block and wait until it is stored; raises what the driver raises.

    Args:
        client: A client of `connect`.
        table: Table name.
        columns: Column names.
        data: One sequence a column, of equal lengths up to `MAX_BLOCK_ROWS`.
        token: Names the block: the same for the same rows in the same order, and for nothing else.
    """
    names = ", ".join(columns)
    settings = {**INSERT_SETTINGS, "insert_deduplication_token": token}
    client.execute(
        f"INSERT INTO {table} ({names}) VALUES",
        data,
        columnar=True,
        settings=settings,
    )


def query(
    connection: ClickHouseConnection, sql: str, parameters: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Rows of one query, on a connection of its own.

    Raises:
        SystemFault: The server refuses for a reason that an operator must mend.
        Unavailable: It does not answer.
        OutcomeUnknown: It failed otherwise.
    """
    with closing(_Closing(connect(connection))) as held:
        try:
            rows: list[tuple[Any, ...]] = held.client.execute(sql, parameters)
        except Exception as error:
            raise as_hailong(error, "answering a query") from error
        return rows


class _Closing:
    """Gives the driver's client the name that `contextlib.closing` calls."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def close(self) -> None:
        self.client.disconnect()
