from __future__ import annotations

import http.client
import re
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from clickhouse_driver import Client, errors
from clickhouse_driver.protocol import ServerPacketTypes
from support.http_statements import basic, call
from support.polling import DEADLINE_S, eventually

pytestmark = pytest.mark.servers
SIGNED = basic("tester", "correct horse")
ENDLESS = "SELECT sum(sipHash64(number)) AS {mark} FROM numbers(1000000000000)"


@pytest.fixture
def mark() -> str:
    """A name by which this test finds its query among all that run."""
    return "q" + uuid.uuid4().hex


@pytest.fixture
def watcher(server: Any) -> Iterator[Client]:
    """A client that looks at the others."""
    with server.client() as client:
        yield client


def runs(watcher: Client, mark: str) -> bool:
    """Whether a query with that name runs."""
    found = watcher.execute(
        f"SELECT count() FROM system.processes WHERE query LIKE '%{mark}%' AND query NOT LIKE '%LIKE%'"
    )
    return bool(found[0][0])


def in_background(work: Any) -> Future[Any]:
    """Start work in a thread."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return future


def native_code(server: Any, statement: str, query_id: str) -> int:
    """Run a statement with an id over the native protocol; the code of its error, or 0."""
    with server.client() as client:
        try:
            client.execute(statement, query_id=query_id)
        except errors.ServerException as error:
            return int(error.code)
    return 0


def http_code(server: Any, statement: str, query_id: str) -> int:
    """The same over HTTP."""
    return int(
        call(server.http, body=statement, headers=SIGNED, query_id=query_id)[2]["X-ClickHouse-Exception-Code"] or 0
    )


@pytest.mark.parametrize("run", [native_code, http_code])
@pytest.mark.parametrize("kill", [native_code, http_code])
def test_a_query_is_killed_by_its_id_from_another_connection(
    server: Any, watcher: Client, mark: str, run: Any, kill: Any
) -> None:
    """KILL QUERY with the id that the client gave ends the query with 394, from either interface to either."""
    ended = in_background(lambda: run(server, ENDLESS.format(mark=mark), mark))
    eventually(lambda: runs(watcher, mark), "the query runs")
    assert kill(server, f"KILL QUERY WHERE query_id = '{mark}' SYNC", "") == 0
    assert ended.result(DEADLINE_S) == 394


def test_an_id_names_one_query_at_a_time(server: Any, watcher: Client, mark: str) -> None:
    """A second query with the id of a running one is refused with 216, as by a real server."""
    ended = in_background(lambda: native_code(server, ENDLESS.format(mark=mark), mark))
    eventually(lambda: runs(watcher, mark), "the query runs")
    assert http_code(server, "SELECT 1", mark) == 216
    watcher.execute(f"KILL QUERY WHERE query_id = '{mark}'")
    assert ended.result(DEADLINE_S) == 394
    assert http_code(server, "SELECT 1", mark) == 0


def test_a_native_client_that_hangs_up_ends_its_query(server: Any, watcher: Client, mark: str) -> None:
    """A long aggregation, which sends no block for hours, does not outlive its client."""
    client = server.client()
    client.execute("SELECT 1")
    client.connection.send_query(ENDLESS.format(mark=mark))
    client.connection.send_external_tables([])
    eventually(lambda: runs(watcher, mark), "the query runs")
    client.disconnect()
    eventually(lambda: not runs(watcher, mark), "the query ends")


def test_a_cancel_reaches_a_long_aggregation(server: Any, watcher: Client, mark: str) -> None:
    """A cancel packet ends a query that has sent nothing yet, without an error, and the connection goes on."""
    client = server.client()
    client.execute("SELECT 1")
    client.connection.send_query(ENDLESS.format(mark=mark))
    client.connection.send_external_tables([])
    eventually(lambda: runs(watcher, mark), "the query runs")
    client.connection.send_cancel()
    eventually(lambda: client.connection.receive_packet().type == ServerPacketTypes.END_OF_STREAM, "the stream ends")
    assert not runs(watcher, mark)
    client.connection.is_query_executing = False
    assert client.execute("SELECT 1") == [(1,)]
    client.disconnect()


@pytest.mark.parametrize(
    "statement",
    [
        ENDLESS,
        "SELECT number AS {mark} FROM system.numbers",
        "SELECT number AS {mark} FROM system.numbers FORMAT Native",
    ],
)
def test_an_http_client_that_hangs_up_ends_its_query(server: Any, watcher: Client, mark: str, statement: str) -> None:
    """With results under way or none yet, a query that reads ends soon after its client."""
    connection = http.client.HTTPConnection("127.0.0.1", server.http, timeout=DEADLINE_S)
    connection.request("POST", "/", statement.format(mark=mark), SIGNED)
    eventually(lambda: runs(watcher, mark), "the query runs")
    connection.close()
    eventually(lambda: not runs(watcher, mark), "the query ends")


def test_a_slow_reader_fills_no_memory(server: Any, watcher: Client, mark: str) -> None:
    """A client that takes little of an endless result leaves the rest unmade."""
    with socket.create_connection(("127.0.0.1", server.http), timeout=DEADLINE_S) as sock:
        text = f"SELECT number AS {mark}, repeat('x', 100) FROM system.numbers FORMAT JSONEachRow"
        head = f"POST / HTTP/1.1\r\nAuthorization: {SIGNED['Authorization']}\r\nContent-Length: {len(text)}\r\n\r\n"
        sock.sendall((head + text).encode())
        assert sock.recv(1000).startswith(b"HTTP/1.1 200")

        def read_rows() -> int:
            query = (
                f"SELECT max(read_rows) FROM system.processes WHERE query LIKE '%{mark}%' AND query NOT LIKE '%LIKE%'"
            )
            return int(watcher.execute(query)[0][0])

        seen = [-1, -2]

        def stalls() -> bool:
            seen.append(read_rows())
            return seen[-1] == seen[-2] > 0

        eventually(stalls, "the query waits for its reader", pause_s=1)
        assert seen[-1] < 3_000_000


def test_a_native_client_hears_of_progress(server: Any) -> None:
    """While a query runs, its client is told how many rows are read, and of how many."""
    with server.client() as client:
        progress = client.execute_with_progress(
            "SELECT count() FROM numbers(60) WHERE sleepEachRow(0.02) = 0 SETTINGS max_block_size = 1"
        )
        reports = list(progress)
        assert progress.get_result() == [(60,)]
    assert len(reports) > 3
    assert reports[-1][0] == 60
    assert reports[0][0] < 60


def test_a_result_that_fails_late_does_not_look_complete(server: Any) -> None:
    """An error after the first rows stands at the end of the body, and the last chunk is missing."""
    query = "SELECT throwIf(number = 5000000) AS a FROM numbers(10000000) SETTINGS max_block_size = 10000"
    connection = http.client.HTTPConnection("127.0.0.1", server.http, timeout=DEADLINE_S)
    connection.request("POST", "/", query, SIGNED)
    response = connection.getresponse()
    with pytest.raises(http.client.IncompleteRead) as raised:
        response.read()
    connection.close()
    tag = response.headers["X-ClickHouse-Exception-Tag"].encode()
    assert response.status == 200
    assert re.search(
        b"\r\n__exception__\r\n%b\r\nCode: 395.*\n[0-9]+ %b\r\n__exception__\r\n$" % (tag, tag),
        raised.value.partial[-2000:],
    )
