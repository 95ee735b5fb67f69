"""One client's session in the engine."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any, Final

from deploy.local.clickhouse.blocks import Header
from deploy.local.clickhouse.engine import MAIN_DATABASE, Engine
from deploy.local.clickhouse.errors import BAD_ARGUMENTS, UNKNOWN_COLUMN, UNKNOWN_SETTING, ServerError
from deploy.local.clickhouse.insert_spool import Spool
from deploy.local.clickhouse.statements import Insert

_COMPUTED: Final = ("MATERIALIZED", "ALIAS", "EPHEMERAL")


@dataclass(frozen=True, slots=True)
class Setting:
    """A query's setting; an important one must not be ignored when it is unknown."""

    value: str
    important: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """What a statement read and wrote."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0

    @classmethod
    def of(cls, result: Any) -> Counts:
        """The counts of a chDB result."""
        read = result.storage_rows_read(), result.storage_bytes_read()
        return cls(*read, result.rows_written(), result.bytes_written())


def quoted(name: str) -> str:
    """A name as an identifier of SQL."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class ClientSession:
    """One client's state in the engine: database, settings and temporary tables. Not thread-safe.

    Raises:
        ServerError: 81, the database does not exist.
    """

    def __init__(self, engine: Engine, database: str = "") -> None:
        self.engine = engine
        self._applied: dict[str, str] = {}
        self._open(database)

    def _open(self, database: str) -> None:
        self._connection: Any = self.engine.connect()
        try:
            self.run(f"USE {quoted(MAIN_DATABASE if database in ('', 'default') else database)}")
        except ServerError:
            self.close()
            raise

    def close(self) -> None:
        """End the session; its temporary tables go with it."""
        self._connection.close()

    def run(self, sql: str, format_: str = "Null", parameters: Mapping[str, str] | None = None) -> Any:
        """Run any statement to its end.

        Returns:
            The chDB result: output in `format_` under ``bytes()``, and counts.

        Raises:
            ServerError: the engine's error, with its code.
        """
        try:
            return self._connection.query(sql, format_, params=dict(parameters or {}))
        except Exception as error:
            raise ServerError.of(error) from error

    def stream(self, select: str, parameters: Mapping[str, str]) -> Generator[bytes, None, None]:
        """Run a SELECT block by block, each as Native bytes; closing the iterator cancels the query.

        The session must not run anything else meanwhile: chDB would drop the stream.
        """
        try:
            with closing(self._connection.send_query(select, "Native", params=dict(parameters))) as stream:
                for chunk in stream:
                    yield chunk.bytes()
        except Exception as error:
            raise ServerError.of(error) from error

    def describe(self, source: str, parameters: Mapping[str, str] | None = None) -> Header:
        """The columns of a table or of a parenthesised query, without computed ones."""
        return [(name, type_) for name, type_, kind in self._columns(source, parameters) if kind not in _COMPUTED]

    def _columns(self, source: str, parameters: Mapping[str, str] | None = None) -> list[tuple[str, str, str]]:
        """Name, type and kind of default of each column."""
        result = self.run(f"DESCRIBE TABLE {source}", "JSONCompact", parameters)
        return [(name, type_, kind) for name, type_, kind, *_ in json.loads(result.bytes())["data"]]

    def insert_header(self, insert: Insert) -> Header:
        """The columns that an INSERT expects, in its order.

        Raises:
            ServerError: 60, no such table; 16, no such column.
        """
        if "*" in insert.columns:
            # `* EXCEPT (...)` is the client's own text; it could have sent it as a query.
            return self.describe(f"(SELECT {insert.columns[1:-1]} FROM {insert.table})")  # noqa: S608
        if not insert.names:
            return self.describe(insert.table)
        types = {name: type_ for name, type_, _ in self._columns(insert.table)}
        for name in insert.names:
            if name not in types:
                text = f"No such column {name} in table {insert.table} (NO_SUCH_COLUMN_IN_TABLE)"
                raise ServerError(UNKNOWN_COLUMN, text)
        return [(name, types[name]) for name in insert.names]

    def store(self, insert: Insert, spool: Spool) -> Counts:
        """Run an INSERT with the rows of the spool, if it has any."""
        if not spool.size:
            return Counts()
        result = self.run(insert.reading(spool.path))
        return Counts(written_rows=result.rows_written(), written_bytes=result.bytes_written())

    def apply(self, settings: Mapping[str, Setting]) -> None:
        """Apply the settings of the next query; those of the previous query are reset.

        Unknown settings are ignored unless flagged important: newer clients send names that older servers lack.
        ``readonly`` cannot be reset within a chDB connection, so the connection is reopened, which drops the
        session's temporary tables.

        Raises:
            ServerError: 115, unknown and important; or the engine refuses a value.
        """
        known = self.engine.known_settings
        for name, setting in settings.items():
            if setting.important and name not in known:
                raise ServerError(UNKNOWN_SETTING, f"Unknown setting '{name}' (UNKNOWN_SETTING)")
        wanted = {name: setting.value for name, setting in settings.items() if name in known}
        if wanted == self._applied:
            return
        if "readonly" in self._applied:
            database = self.run("SELECT currentDatabase()", "TSVRaw").bytes().decode().rstrip("\n")
            self.close()
            self._applied = {}
            self._open(database)
        if gone := [name for name in self._applied if name not in wanted]:
            self.run("SET " + ", ".join(f"{name} = DEFAULT" for name in gone))
        # If a SET below fails, it is unknown which settings apply: all of them count as set.
        changed = {name: value for name, value in wanted.items() if self._applied.get(name) != value}
        self._applied = {name: self._applied.get(name, "") for name in wanted}
        readonly = changed.pop("readonly", None)
        if changed:
            self.run("SET " + ", ".join(f"{name} = {_literal(value)}" for name, value in changed.items()))
        if readonly is not None:
            self.run(f"SET readonly = {_literal(readonly)}")  # last: it forbids setting the others
        self._applied = wanted

    def temporary_table(self, name: str, header: Header) -> None:
        """Create a temporary table.

        Raises:
            ServerError: a type is not one of the engine's.
        """
        columns = ", ".join(f"{quoted(column)} {_checked_type(type_)}" for column, type_ in header)
        self.run(f"CREATE TEMPORARY TABLE {quoted(name)} ({columns})")

    def drop_temporary(self, name: str) -> None:
        """Drop a temporary table if it exists."""
        with suppress(ServerError):
            self.run(f"DROP TEMPORARY TABLE IF EXISTS {quoted(name)}")


def _checked_type(type_: str) -> str:
    # A type is the client's text inside our statement: it must not contain another statement or clause.
    if type_.count("(") != type_.count(")") or any(sign in type_ for sign in ";\n"):
        raise ServerError(BAD_ARGUMENTS, "Malformed type of an external table (BAD_ARGUMENTS)")
    return type_
