"""One client's session in the engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from deploy.local.clickhouse.accounts import Account
from deploy.local.clickhouse.blocks import Header
from deploy.local.clickhouse.counts import Counts
from deploy.local.clickhouse.engine import MAIN_DATABASE, Engine
from deploy.local.clickhouse.errors import BAD_ARGUMENTS, READONLY, UNKNOWN_COLUMN, UNKNOWN_SETTING, ServerError
from deploy.local.clickhouse.guard import guard
from deploy.local.clickhouse.insert_spool import Spool
from deploy.local.clickhouse.pipes import written_by
from deploy.local.clickhouse.running import MARK, RunningStatement
from deploy.local.clickhouse.statements import Insert, first_word
from sinks.clickhouse.quoting import literal, quoted

_COMPUTED: Final = ("MATERIALIZED", "ALIAS", "EPHEMERAL")
_READING, _OTHER = "READ_ONLY", "CONTROL"  # chDB's classes of statements; the rest changes data, or does not parse
_OWN_SESSION: Final = frozenset({"SET", "USE", "CREATE", "DROP"})  # of class `_OTHER` these touch temporary tables only


@dataclass(frozen=True, slots=True)
class Setting:
    """A query's setting; an important one must not be ignored when it is unknown."""

    value: str
    important: bool = False


class ClientSession:
    """One client's state in the engine: database, settings and temporary tables. Not thread-safe.

    Args:
        engine: runs the statements.
        account: whose session this is.
        database: to begin with; empty for the usual one.
        reads_only: whether nothing may be changed, whatever the account.

    Attributes:
        counts: what the last statement read and wrote, while it runs and afterwards.
        on_progress: called now and then while a statement runs, by the thread that runs it. Must not raise.

    Raises:
        ServerError: 81, the database does not exist.
    """

    def __init__(self, engine: Engine, account: Account, database: str = "", *, reads_only: bool = False) -> None:
        self.engine = engine
        self.account = account
        self.counts = Counts()
        self.on_progress: Callable[[], None] = lambda: None
        self._mark = engine.running.new_mark()
        self._statement: RunningStatement | None = None
        self._reporting = False
        self._fixed = {MARK: self._mark} | ({"readonly": "2"} if reads_only or account.reads_only else {})
        self._applied: dict[str, str] = {}
        self._open(database)

    def _open(self, database: str) -> None:
        self._connection: Any = self.engine.connect(**self._fixed)
        try:
            self.use(database)
        except ServerError:
            self.close()
            raise
        self._connection.set_progress_callback(self._progress)

    def _progress(self, report: Mapping[str, int]) -> None:
        if self._reporting:
            self.counts = Counts.reported(report)
            self.on_progress()

    def use(self, database: str) -> None:
        """Change the database; an empty name is the usual one.

        Raises:
            ServerError: 81, it does not exist.
        """
        self.run(f"USE {quoted(MAIN_DATABASE if database in ('', 'default') else database)}")

    def close(self) -> None:
        """End the session; its temporary tables go with it."""
        self._connection.close()

    @contextmanager
    def running(self, query_id: str, left: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Let a statement be ended by its query id, and once `left` says that its client does not wait for it.

        Raises:
            ServerError: 216, another statement with this query id runs.
        """
        self._statement, self.counts = RunningStatement(query_id, self.account, left), Counts()
        with self.engine.running.entered(self._mark, self._statement):
            self._reporting = True
            try:
                yield
            finally:
                self._reporting = False

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Report no progress of a statement of our own."""
        reporting, self._reporting = self._reporting, False
        try:
            yield
        finally:
            self._reporting = reporting

    def reads(self, statement: str) -> bool:
        """Whether a text is exactly one statement, and one that changes nothing."""
        return self._classified(statement) == (_READING, 1)

    def has_many(self, text: str) -> bool:
        """Whether a text is more than one statement."""
        return self._classified(text)[1] > 1

    def _classified(self, statement: str) -> tuple[str, int]:
        """The class that chDB gives a text, and the number of its statements; 0 if it does not parse."""
        found = self._connection._conn.classify_query(statement)  # noqa: SLF001 - has no other name in chDB
        return found["query_class"].name, found["statement_count"]

    def admitted(self, statement: str, *, reads_only: bool = False) -> str:
        """A client's statement as the engine takes it.

        Args:
            statement: the client's text.
            reads_only: whether it may change nothing, whatever the account.

        Raises:
            ServerError: 344, it reaches beyond the tables; 164, it changes something and may not.
        """
        guard(statement)
        word = first_word(statement)
        if word == "KILL":
            return self.engine.running.translated(statement, self.account)
        if reads_only or self.account.reads_only:
            # The engine's own `readonly` lets pass what changes the server but no table, such as SYSTEM STOP MERGES.
            kind, count = self._classified(statement)
            if count and kind != _READING and not (kind == _OTHER and count == 1 and word in _OWN_SESSION):
                raise ServerError(READONLY, f"{word} cannot be executed in readonly mode (READONLY)")
        return statement

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

    def formatted(self, select: str, format_: str, parameters: Mapping[str, str]) -> Generator[bytes, None, None]:
        """Run a reading statement and stream its result in any format; closing the iterator ends the query."""

        def write(path: str) -> None:
            self.run(f"{select}\nINTO OUTFILE '{path}' APPEND FORMAT {format_}", "Null", parameters)

        def stop() -> None:
            if self._statement:
                self._statement.dropped = True

        return written_by(write, stop)

    def describe(self, source: str, parameters: Mapping[str, str] | None = None) -> Header:
        """The columns of a table or of a parenthesised query, without computed ones."""
        return [(name, type_) for name, type_, kind in self._columns(source, parameters) if kind not in _COMPUTED]

    def _columns(self, source: str, parameters: Mapping[str, str] | None = None) -> list[tuple[str, str, str]]:
        """Name, type and kind of default of each column."""
        with self._quietly():
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
        with self._quietly():
            result = self.run(insert.reading(spool.path))
        # The file is ours: what was read from it is no reading of the client's.
        self.counts = Counts(written_rows=result.rows_written(), written_bytes=result.bytes_written())
        return self.counts

    def apply(self, settings: Mapping[str, Setting]) -> None:
        """Apply the settings of the next query; those of the previous query are reset.

        Unknown settings are ignored unless flagged important: newer clients send names that older servers lack.
        Over HTTP all are important, as in ClickHouse.
        ``readonly`` cannot be reset within a chDB connection, so the connection is reopened, which drops the
        session's temporary tables.

        Raises:
            ServerError: 115, unknown and important; or the engine refuses a value.
        """
        known = self.engine.known_settings
        for name, setting in settings.items():
            if setting.important and name not in known:
                raise ServerError(UNKNOWN_SETTING, f"Unknown setting '{name}' (UNKNOWN_SETTING)")
        # The mark by which a statement is found is ours; a comment for a log that is not kept means nothing.
        wanted = {name: setting.value for name, setting in settings.items() if name in known and name != MARK}
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
            self.run("SET " + ", ".join(f"{name} = {literal(value)}" for name, value in changed.items()))
        if readonly is not None:
            self.run(f"SET readonly = {literal(readonly)}")  # last: it forbids setting the others
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
