from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from support.clickhouse_server import PASSWORD, ClickHouseServer
from support.clickhouses import on_both_clickhouses
from support.polling import DEADLINE_S, eventually

from deploy.admin.ad_hoc_queries import AdHocQuery, ReadOnly, run
from deploy.errors import Mistake
from schemas.errors import SystemFault
from sinks.clickhouse.client import query, session
from sinks.clickhouse.connection import ClickHouseConnection

pytestmark = [pytest.mark.servers, on_both_clickhouses]

WRITES = [
    "DROP TABLE kept",
    "TRUNCATE TABLE kept",
    "INSERT INTO kept VALUES (2)",
    "INSERT INTO kept SELECT 2",
    "WITH two AS (SELECT 2 AS a) INSERT INTO kept SELECT a FROM two",
    "ALTER TABLE kept DELETE WHERE true",
    "DELETE FROM kept WHERE true",
    "CREATE TABLE other ENGINE = Memory AS SELECT 1",
    "CREATE VIEW other AS SELECT 1",
    "OPTIMIZE TABLE kept FINAL",
    "SYSTEM FLUSH LOGS",
    "KILL QUERY WHERE true",
    "BACKUP TABLE kept TO Null",
    "INSERT INTO FUNCTION null('a UInt8') SELECT 1",
    "SET readonly = 0",
    "SET readonly = DEFAULT",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1 SETTINGS readonly = DEFAULT",
    "DROP TABLE kept SETTINGS readonly = 0",
    "DROP TABLE kept SETTINGS readonly = DEFAULT",
    "DROP TABLE kept SETTINGS /* as usual */ `\\x72eadonly` = DEFAULT",
    "INSERT INTO kept SELECT 2 SETTINGS readonly = DEFAULT",
    "INSERT INTO kept SETTINGS readonly = DEFAULT VALUES (2)",
    "-- SELECT\ndrop table kept",
]
SEVERAL = ["SELECT 1; DROP TABLE kept", "SELECT 1 FORMAT Null; DROP TABLE kept", "SET readonly = 0; DROP TABLE kept"]


@pytest.fixture
def database(clickhouse_server: ClickHouseServer) -> Iterator[ClickHouseConnection]:
    """A database of the test's own with a table `kept`, which has one row."""
    connection = clickhouse_server.connection(f"t{uuid4().hex[:8]}")
    with session(replace(connection, database="default"), timeout_s=DEADLINE_S) as client:
        client.execute(f"CREATE DATABASE {connection.database}")
        client.execute(f"CREATE TABLE {connection.database}.kept (a UInt8) ENGINE = MergeTree ORDER BY a")
        client.execute(f"INSERT INTO {connection.database}.kept SELECT 1")
        yield connection
        client.execute(f"DROP DATABASE {connection.database}")


def _all(connection: ClickHouseConnection, text: str, **options: Any) -> list[tuple[Any, ...]]:
    with run(connection, AdHocQuery(text, **options)) as result:
        return [tuple(row) for row in result.rows]


def _state(connection: ClickHouseConnection) -> list[tuple[Any, ...]]:
    return query(connection, "SELECT name, total_rows FROM system.tables WHERE database = currentDatabase()")


@pytest.mark.parametrize("statement", WRITES)
def test_a_statement_can_only_read(database: ClickHouseConnection, statement: str) -> None:
    """Whatever writes, or would switch reading only off, is refused, changes nothing, and names --write."""
    with pytest.raises(ReadOnly, match="--write"):
        _all(database, statement)
    assert _state(database) == [("kept", 1)]


@pytest.mark.parametrize("statement", SEVERAL)
def test_only_one_statement_runs(database: ClickHouseConnection, statement: str) -> None:
    """A second statement cannot be hidden behind one that reads."""
    with pytest.raises(SystemFault, match=r"code 62.*Multi-statements are not allowed"):
        _all(database, statement)
    assert _state(database) == [("kept", 1)]


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("SELECT a FROM kept SETTINGS max_threads = 1;", (1,)),
        ("FROM kept SELECT a -- the end", (1,)),
        ("(SELECT a FROM kept) UNION ALL (SELECT 1)", (1,)),
        ("WITH 7 AS seven SELECT seven FORMAT JSON", (7,)),
        ("SHOW TABLES", (b"kept",)),
        ("DESC kept", (b"a", b"UInt8", b"", b"", b"", b"", b"")),
        ("EXISTS kept", (1,)),
        ("SELECT 'readonly = 0; DROP TABLE kept'", (b"readonly = 0; DROP TABLE kept",)),
    ],
)
def test_what_reads_may_run(database: ClickHouseConnection, statement: str, first: tuple[Any, ...]) -> None:
    """All kinds of statements that read run, with settings, comments and FORMAT."""
    assert _all(database, statement)[0] == first


def test_with_leave_it_writes(database: ClickHouseConnection) -> None:
    """What may write runs, and answers no columns."""
    for statement in ("INSERT INTO kept VALUES (2), (3)", "INSERT INTO kept SELECT 4", "OPTIMIZE TABLE kept FINAL"):
        with run(database, AdHocQuery(statement, may_write=True)) as result:
            assert list(result.columns) == []
            assert list(result.rows) == []
    assert _state(database) == [("kept", 4)]
    _all(database, "DROP TABLE kept", may_write=True)
    assert _state(database) == []


@pytest.mark.parametrize("end", ["VALUES", "(a) values ;", "FORMAT CSV\n"])
def test_an_insert_without_rows_is_refused(database: ClickHouseConnection, end: str) -> None:
    """The server would wait for rows, and this client for the server."""
    with pytest.raises(Mistake, match="has no rows"):
        _all(database, f"INSERT INTO kept {end}", may_write=True)


@pytest.mark.parametrize(
    "end", ["FORMAT CSV\n2\n3\n", "FORMAT Values (2), (3)", "SELECT 1 + arrayJoin([1, 2]) FORMAT Null"]
)
def test_rows_may_follow_in_any_format(database: ClickHouseConnection, end: str) -> None:
    """Rows behind an INSERT are part of the statement."""
    _all(database, f"INSERT INTO kept {end}", may_write=True)
    assert _all(database, "SELECT a FROM kept ORDER BY a") == [(1,), (2,), (3,)]


@pytest.mark.parametrize(
    ("declared", "value", "read"),
    [
        ("String", 'Hải\'s \\ \t\n"quotes" {x:String} %s', 'Hải\'s \\ \t\n"quotes" {x:String} %s'.encode()),
        ("String", "", b""),
        ("UInt64", "18446744073709551615", 2**64 - 1),
        ("Nullable(Int8)", r"\N", None),
        ("Array(String)", r"['a', 'it\'s, []']", [b"a", b"it's, []"]),
        ("Map(String, UInt8)", "{'a': 1}", {b"a": 1}),
        ("Tuple(UInt8, String)", "(1, 'x')", (1, b"x")),
    ],
)
def test_parameters_arrive_as_they_were_written(
    database: ClickHouseConnection, declared: str, value: str, read: Any
) -> None:
    """Values with quotes, backslashes and line ends, and nested ones, reach the statement unchanged."""
    assert _all(database, f"SELECT {{x:{declared}}}", parameters={"x": value, "unused": "y"}) == [(read,)]


def test_a_name_can_be_a_parameter(database: ClickHouseConnection) -> None:
    """Parameters of type Identifier stand for tables."""
    assert _all(database, "SELECT a FROM {t:Identifier}", parameters={"t": "kept"}) == [(1,)]


def test_leaving_early_cancels_at_the_server(database: ClickHouseConnection) -> None:
    """Of a result without end, rows can be read at once, and the server stops when nobody reads further."""
    marker = uuid4().hex
    with run(database, AdHocQuery(f"SELECT number, '{marker}' FROM system.numbers")) as result:
        assert [next(result.rows)[0] for _ in range(3)] == [0, 1, 2]
        assert [kind for _name, kind in result.columns] == ["UInt64", "String"]
    running = f"SELECT count() FROM system.processes WHERE query LIKE '%{marker}%' AND query NOT LIKE '%processes%'"
    eventually(lambda: query(database, running) == [(0,)], "the server runs the statement no more")


def test_an_error_of_the_reader_stays_its_own(database: ClickHouseConnection) -> None:
    """A full disk under the output is not reported as a lost connection."""
    with pytest.raises(OSError, match="full"), run(database, AdHocQuery("SELECT 1")):
        raise OSError("full")


@pytest.mark.parametrize(
    ("statement", "code", "words"),
    [
        ("SELECT * FROM nowhere", 60, "nowhere"),
        ("SELEKT 1", 62, "Syntax error"),
        ("-- nothing", 62, "Empty query"),
        ("SELECT {day:Date}", 456, "day"),
        ("SELECT throwIf(number = 100000) FROM numbers(200000)", 395, "FUNCTION_THROW_IF|throwIf"),
    ],
)
def test_errors_of_the_server_are_one_line_with_the_code(
    database: ClickHouseConnection, statement: str, code: int, words: str
) -> None:
    """Refused at once or among the rows: the message has the code, the server's words, and one line."""
    with pytest.raises(SystemFault, match=rf"\(code {code}\).*({words})") as raised:
        _all(database, statement)
    message = str(raised.value)
    assert "\n" not in message
    assert "Stack trace" not in message
    assert "formatQuery" not in message
    assert PASSWORD not in message


def test_a_type_that_cannot_be_read_is_named(database: ClickHouseConnection) -> None:
    """The message says how to read the column all the same."""
    with pytest.raises(SystemFault, match=r"BFloat16.*toString"):
        _all(database, "SELECT toBFloat16(1)")
