"""A client of ClickHouse for commands that ask it, and its errors in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as DriverError
from clickhouse_driver.errors import ErrorCodes, ServerException

from schemas.errors import HailongError, SystemFault, Unavailable
from sinks.clickhouse.connection import ClickHouseConnection

CONNECT_S = 5
_PASSWORD = {ErrorCodes.UNKNOWN_USER, ErrorCodes.WRONG_PASSWORD, ErrorCodes.REQUIRED_PASSWORD, 516}
"""516 is AUTHENTICATION_FAILED, which the driver has no name for; servers since 20.12 send it for all three."""


@contextmanager
def open_client(connection: ClickHouseConnection) -> Iterator[Any]:
    """A connected client.

    Raises:
        Unavailable: The server does not answer.
        SystemFault: It refuses the user, the password or the database.
    """
    client = Client(
        host=connection.host,
        port=connection.port,
        user=connection.user,
        password=connection.password,
        database=connection.database,
        secure=connection.secure,
        ca_certs=None if connection.ca_file is None else str(connection.ca_file),
        connect_timeout=CONNECT_S,
        client_name="hailong",
    )
    try:
        try:
            client.execute("SELECT 1")
        except (DriverError, OSError, EOFError) as error:
            raise translate_error(error, connection) from error
        yield client
    finally:
        client.disconnect()


def ask(connection: ClickHouseConnection, sql: str) -> list[tuple[Any, ...]]:
    """Rows of one query, on a connection of its own.

    Raises:
        Unavailable: The server does not answer.
        SystemFault: It refuses.
    """
    with open_client(connection) as client:
        try:
            rows: list[tuple[Any, ...]] = client.execute(sql)
        except (DriverError, OSError, EOFError) as error:
            raise translate_error(error, connection) from error
        return rows


def translate_error(error: Exception, connection: ClickHouseConnection) -> HailongError:
    """What a driver's error means; never with the password."""
    where = f"{connection.host}:{connection.port}"
    if not isinstance(error, ServerException):
        return Unavailable(f"ClickHouse at {where} does not answer: {error}. Is `hailong up` running?")
    if error.code in _PASSWORD:
        return SystemFault(f"ClickHouse at {where} refuses user {connection.user} with this password.")
    if error.code == ErrorCodes.UNKNOWN_DATABASE:
        return SystemFault(f"ClickHouse at {where} has no database {connection.database}: run `hailong migrate`.")
    said = str(error.message).split("Stack trace:")[0].removeprefix("DB::Exception: ").strip()
    # After these words ClickHouse lists its whole grammar.
    return SystemFault(f"ClickHouse says (code {error.code}): {said.split(' Expected one of:')[0]}")
