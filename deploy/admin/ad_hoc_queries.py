"""Statements that a person writes: run in ClickHouse, which lets them only read unless they may write."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from clickhouse_driver import errors as driver

from deploy.admin.query_parameters import QueryParameter
from deploy.errors import Mistake
from schemas.errors import SystemFault
from sinks.clickhouse.client import connect
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.errors import server_message, translated
from sinks.clickhouse.native.column_client import ColumnClient

SILENCE_S = 300.0
"""Longest wait for the next packet. A server tells the progress of a query several times a second."""

_READONLY = 164
_READS = re.compile(r"\(*(SELECT|WITH|SHOW|DESCRIBE|EXISTS|EXPLAIN|CHECK)\b")
_RESETS_READONLY = re.compile(r"\breadonly = DEFAULT\b")
_WITHOUT_ROWS = re.compile(r"\s*INSERT\b(?!.*\bSELECT\b).*\b(VALUES|FORMAT\s+\w+)[\s;]*", re.IGNORECASE | re.DOTALL)
_MESSAGE_CHARACTERS = 1000


class ReadOnly(SystemFault):
    """A statement that would write was refused, because it may only read."""


@dataclass(frozen=True, slots=True)
class AdHocQuery:
    """A statement that a person writes."""

    text: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Values of `{name:Type}`, as a person writes them."""
    may_write: bool = False


@dataclass(frozen=True, slots=True)
class AdHocResult:
    """What a statement answers."""

    columns: Sequence[tuple[str, str]]
    """Name and type of each; none if the statement answers no rows."""
    rows: Iterator[Sequence[Any]]
    """As the driver reads them, texts as bytes; one block of them is in memory. Reading raises what `run` raises."""
    zone: str
    """Time zone of the columns that name none."""


@contextmanager
def run(connection: ClickHouseConnection, query: AdHocQuery) -> Iterator[AdHocResult]:
    """Run a statement. Leaving the `with` block early, by Ctrl-C too, cancels it at the server.

    Raises:
        Mistake: It is an INSERT without rows.
        ReadOnly: It would write, but may not.
        SystemFault: The server refuses the statement, with its code; or the user or the database.
        Unavailable: The server does not answer.
        OutcomeUnknown: The connection broke.
    """
    if query.may_write and _WITHOUT_ROWS.fullmatch(query.text):
        # The server would wait for them, and this client for the server.
        raise Mistake("The INSERT has no rows: write them behind it in the statement.")
    client = connect(
        connection, timeout_s=SILENCE_S, driver_settings={"strings_as_bytes": True, "server_side_params": True}
    )
    try:
        with translated(connection):
            [(level,)] = client.execute("SELECT getSetting('readonly')")
        remedy = _remedy(level, connection.user, may_write=query.may_write)
        with translated(connection), _explained(remedy):
            if not query.may_write:
                _refuse_gaps(_as_understood(client, query.text), remedy)
            rows = client.execute_iter(
                query.text,
                {name: QueryParameter(value, name, query.text) for name, value in query.parameters.items()},
                with_column_types=True,
                # A user who may only read may not even say so again.
                settings={} if level or query.may_write else {"readonly": 2},
            )
            columns: list[tuple[str, str]] = next(rows, [])
        zone = client.connection.context.server_info.get_timezone()
        with closing(_rows(rows, connection, remedy)) as readable:
            yield AdHocResult(columns, readable, zone)
    finally:
        _cancel(client)
        client.disconnect()


def _rows(
    rows: Iterator[Sequence[Any]], connection: ClickHouseConnection, remedy: str
) -> Generator[Sequence[Any], None, None]:
    # Only around the reading: an error of the caller's own output is none of the connection.
    with translated(connection), _explained(remedy):
        yield from rows


def _as_understood(client: ColumnClient, text: str) -> str:
    """The statement as the server understands it: written anew, without comments and without escapes in names."""
    found: bytes
    [(found,)] = client.execute("SELECT formatQuerySingleLine({text:String})", {"text": QueryParameter(text)})
    return found.decode(errors="replace")


def _refuse_gaps(understood: str, remedy: str) -> None:
    """Refuse what a server with `readonly = 2` lets pass although it writes.

    `SETTINGS readonly = DEFAULT` inside a statement switches the setting off before version 26.8 (ClickHouse#109473).
    `INSERT INTO FUNCTION`, `BACKUP` and `KILL QUERY` are allowed by `readonly = 2`; `readonly = 1` forbids the first,
    but also every SETTINGS.

    Raises:
        ReadOnly: The statement uses one of these gaps, or is of a kind that does not read.
    """
    if _RESETS_READONLY.search(understood):
        raise ReadOnly(f"The statement sets readonly = DEFAULT, which would let it write. {remedy}")
    if not _READS.match(understood):
        raise ReadOnly(f"{understood.split(maxsplit=1)[0]} is no statement that reads. {remedy}")


def _remedy(level: int, user: str, *, may_write: bool) -> str:
    if level:
        return f"ClickHouse lets the user {user} only read{', and change no setting' if level == 1 else ''}."
    return "" if may_write else "Nothing was done: `hailong sql` only reads, unless --write is given."


@contextmanager
def _explained(remedy: str) -> Iterator[None]:
    """Raise what the server says about the statement in one line; the remedies for our own statements would mislead."""
    try:
        yield
    except driver.ServerException as error:
        said = " ".join(server_message(error).split(": In scope SELECT formatQuery")[0].split())
        sentence = f"ClickHouse refused the statement (code {error.code}): {said[:_MESSAGE_CHARACTERS]}"
        if error.code == _READONLY and remedy:
            raise ReadOnly(f"{sentence} {remedy}") from error
        raise SystemFault(sentence) from error
    except driver.UnknownTypeError as error:
        raise SystemFault(
            f"A column cannot be read: {error.message}. Convert it in the statement, for example with toString()."
        ) from error


def _cancel(client: ColumnClient) -> None:
    """Tell the server to stop, if it still works. A broken connection tells it by itself."""
    if client.connection.connected and client.connection.is_query_executing:
        with suppress(driver.Error, OSError):
            client.connection.send_cancel()
