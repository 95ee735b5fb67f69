from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver import errors
from support.http_statements import basic, call
from support.polling import DEADLINE_S, eventually

pytestmark = pytest.mark.servers
READER = {"user": "reader", "password": "battery staple"}
ENDLESS = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"


@pytest.fixture
def served(own_server: Callable[..., Any], tmp_path: Path) -> Any:
    """A server with a user who may only read, and a table."""
    secret = tmp_path / "secret"
    secret.write_text(READER["password"] + "\n")
    server = own_server("--reader", READER["user"], "--reader-password-file", str(secret))
    with server.client() as client:
        client.execute("CREATE TABLE main.t ENGINE = MergeTree ORDER BY a AS SELECT 1 AS a")
    return server


WRITES = [
    "INSERT INTO main.t SELECT 2",
    "INSERT INTO main.t VALUES (2)",
    "CREATE TABLE main.u (a UInt8) ENGINE = Memory",
    "CREATE DATABASE u",
    "CREATE VIEW main.v AS SELECT 1",
    "CREATE FUNCTION f AS x -> x",
    "DROP TABLE main.t",
    "TRUNCATE TABLE main.t",
    "ALTER TABLE main.t DELETE WHERE 1",
    "DELETE FROM main.t WHERE 1",
    "RENAME TABLE main.t TO main.u",
    "OPTIMIZE TABLE main.t",
    "SYSTEM STOP MERGES",
    "SYSTEM FLUSH LOGS",
    "SET readonly = 0",
    "SELECT 1 SETTINGS readonly = 0",
    "SET readonly = DEFAULT",
    "SELECT 1 SETTINGS readonly = DEFAULT",
    "INSERT INTO FUNCTION null('a UInt8') SELECT 1",
    "SET max_threads = 1; SYSTEM STOP MERGES",
]


def test_the_reader_reads(served: Any) -> None:
    """Over both interfaces the second user lists, selects, sets settings and has temporary tables."""
    with served.client(**READER) as client:
        assert client.execute("SHOW TABLES FROM main") == [("t",)]
        client.execute("CREATE TEMPORARY TABLE mine (x UInt8)")
        client.execute("SET max_threads = 1")
        external = [{"name": "ext", "structure": [("x", "UInt8")], "data": [{"x": 5}]}]
        assert client.execute("SELECT a, x FROM main.t, ext", external_tables=external) == [(1, 5)]
    assert call(served.http, body="SELECT a FROM main.t", headers=basic(**READER))[1] == b"1\n"


def test_the_reader_changes_nothing(served: Any) -> None:
    """Every statement that would change something is refused with 164, over both interfaces, in sessions too."""
    with served.client(**READER) as client:
        for statement in WRITES:
            with pytest.raises(errors.ServerException) as raised:
                client.execute(statement)
            assert raised.value.code == 164, statement
        with pytest.raises(errors.ServerException):
            client.execute("INSERT INTO main.t VALUES", [(2,)])
    for session in ({}, {"session_id": "s"}):
        for statement in (*WRITES, "INSERT INTO main.t FORMAT CSV\n2\n"):
            headers = call(served.http, body=statement, headers=basic(**READER), **session)[2]
            assert headers["X-ClickHouse-Exception-Code"] == "164", statement
    with served.client() as client:
        assert client.execute("SELECT a FROM main.t") == [(1,)]


def test_the_reader_ends_own_queries_only(served: Any) -> None:
    """KILL QUERY reaches a query of the same user by its id, and no other statement of anybody."""

    def code(owner: dict[str, str], query_id: str) -> int:
        with served.client(**owner) as client, pytest.raises(errors.ServerException) as raised:
            client.execute(ENDLESS, query_id=query_id)
        return int(raised.value.code)

    with ThreadPoolExecutor(2) as pool, served.client() as admin, served.client(**READER) as reader:
        ended = [pool.submit(code, {}, "theirs"), pool.submit(code, READER, "own")]
        running = "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64%' AND query NOT LIKE '%LIKE%'"
        eventually(lambda: admin.execute(running) == [(2,)], "both queries run")
        for statement in ("KILL QUERY WHERE query_id = 'theirs'", "KILL QUERY WHERE 1", "KILL MUTATION WHERE 1"):
            with pytest.raises(errors.ServerException) as raised:
                reader.execute(statement)
            assert raised.value.code == 497
        reader.execute("KILL QUERY WHERE query_id = 'own'")
        assert ended[1].result(DEADLINE_S) == 394
        assert admin.execute(running) == [(1,)]
        admin.execute("KILL QUERY WHERE query_id = 'theirs'")
        assert ended[0].result(DEADLINE_S) == 394


@pytest.mark.parametrize(("name", "words"), [("reader", "has no password"), ("tester", "another user")])
def test_a_reader_needs_a_name_and_a_password(
    tmp_path: Path, launch_on: Callable[..., subprocess.Popen[str]], name: str, words: str
) -> None:
    """The server does not start with a second user that nobody could tell apart or anybody could be."""
    server = launch_on(tmp_path / "data", "--reader", name)
    _, stderr = server.communicate(timeout=DEADLINE_S)
    assert server.returncode == 1
    assert words in stderr
