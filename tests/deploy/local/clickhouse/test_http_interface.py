from __future__ import annotations

import gzip
import http.client
import json
from typing import Any

import pytest
from support import http_statements
from support.http_statements import basic
from support.polling import DEADLINE_S

pytestmark = pytest.mark.servers
BASIC = basic("tester", "correct horse")


def call(
    server: Any, method: str = "POST", body: Any = None, headers: dict[str, str] | None = None, **arguments: str
) -> tuple[int, bytes, http.client.HTTPMessage]:
    """One request of the usual user; its status, body and headers."""
    return http_statements.call(server.http, method, body, BASIC if headers is None else headers, **arguments)


def rows(server: Any, query: str) -> bytes:
    """The result of a query that must succeed."""
    status, body, _ = call(server, body=query)
    assert status == 200, body
    return body


def test_ping_needs_no_password(server: Any) -> None:
    """A supervisor can ask whether the server lives."""
    connection = http.client.HTTPConnection("127.0.0.1", server.http, timeout=DEADLINE_S)
    connection.request("GET", "/ping")
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"Ok.\n")
    connection.close()


@pytest.mark.parametrize(
    "headers", [BASIC, {"X-ClickHouse-User": "tester", "X-ClickHouse-Key": "correct horse"}], ids=["basic", "own"]
)
def test_both_ways_to_sign_in_work(server: Any, headers: dict[str, str]) -> None:
    """Basic authentication and ClickHouse's own headers are accepted."""
    assert call(server, "GET", headers=headers, query="SELECT 1")[:2] == (200, b"1\n")


def test_a_wrong_password_is_refused(server: Any) -> None:
    """Without the right password there is 401 and code 516."""
    status, _, headers = call(server, headers={"X-ClickHouse-User": "tester"}, body="SELECT 1")
    assert (status, headers["X-ClickHouse-Exception-Code"]) == (401, "516")


def test_formats_and_parameters(server: Any) -> None:
    """FORMAT, default_format and `param_x` work; the text of a parameter is never SQL."""
    status, body, headers = call(server, body="SELECT {x:String} AS x FORMAT JSON", param_x="a' OR 1")
    assert (status, json.loads(body)["data"]) == (200, [{"x": "a' OR 1"}])
    assert headers["Content-Type"].startswith("application/json")
    assert call(server, body="SELECT 1 AS a", default_format="JSONEachRow")[1] == b'{"a":1}\n'


def test_an_empty_native_result_has_its_columns(server: Any) -> None:
    """Native over HTTP carries the header without rows, and the zone with them."""
    assert rows(server, "SELECT 1 AS a WHERE 0 FORMAT Native") == b"\x01\x00\x01a\x05UInt8"
    native = rows(server, "SELECT toDateTime(0, 'Asia/Tokyo') AS a FORMAT Native")
    assert b"DateTime('Asia/Tokyo')" in native


def test_insert_bodies_in_every_shape_are_stored(server: Any) -> None:
    """Rows come after the query in the address or in the body, plain, gzipped or chunked."""
    rows(server, "CREATE TABLE db.h (a UInt8, s String) ENGINE = MergeTree ORDER BY a")
    call(server, body=b'1,"file (x"\n', query="INSERT INTO db.h FORMAT CSV")
    call(server, body=b"-- why\nINSERT INTO db.h (s, a) FORMAT TSV\nb;\t2\n")
    headers = {**BASIC, "Content-Encoding": "gzip"}
    call(server, body=gzip.compress(b"3\tc\n"), headers=headers, query="INSERT INTO db.h FORMAT TSV")
    call(server, body=iter([b'{"a":4,', b'"s":"d"}']), query="INSERT INTO db.h FORMAT JSONEachRow")
    call(server, body=b"(5, 'e')", query="INSERT INTO db.h VALUES")
    _, _, reply = call(server, body="INSERT INTO db.h SELECT 6, 'f'")
    assert json.loads(reply["X-ClickHouse-Summary"])["written_rows"] == "1"
    binary = b"\x01\x01\x01a\x05UInt8\x07"
    call(server, body=b"INSERT INTO db.h (a) FORMAT Native\n" + binary)
    expected = b"1\tfile (x\n2\tb;\n3\tc\n4\td\n5\te\n6\tf\n7\t\n"
    assert rows(server, "SELECT * FROM db.h ORDER BY a") == expected


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("SELEC", 400, "62"),
        ("SELECT * FROM db.nope", 404, "60"),
        ("INSERT INTO db.nope FORMAT CSV", 404, "60"),
        ("SELECT file('/etc/passwd')", 501, "344"),
        ("INSERT INTO db.e FORMAT CSV\nx", 500, "117"),
    ],
)
def test_an_error_has_a_status_and_a_code(server: Any, query: str, status: int, code: str) -> None:
    """Errors come as an HTTP status, with ClickHouse's code in the header and the text."""
    rows(server, "CREATE TABLE IF NOT EXISTS db.e (a UInt8) ENGINE = Memory")
    got, body, headers = call(server, body=query)
    assert (got, headers["X-ClickHouse-Exception-Code"]) == (status, code), body
    assert f"Code: {code}.".encode() in body


def test_a_get_may_not_write(server: Any) -> None:
    """A link that somebody follows changes nothing."""
    _, _, headers = call(server, "GET", query="CREATE TABLE db.g (a UInt8) ENGINE = Memory")
    assert headers["X-ClickHouse-Exception-Code"] == "164"
    assert rows(server, "EXISTS db.g") == b"0\n"


def test_settings_come_in_the_address(server: Any) -> None:
    """Every other argument is a setting; an unknown one is refused with 115, as by a real server."""
    query = "SELECT getSetting('max_block_size')"
    assert call(server, body=query, max_block_size="17")[1] == b"17\n"
    status, _, headers = call(server, body=query, no_such_thing="1")
    assert (status, headers["X-ClickHouse-Exception-Code"]) == (404, "115")


def test_settings_after_the_format_count(server: Any) -> None:
    """`FORMAT ... SETTINGS ...` is read in this order too."""
    query = "SELECT getSetting('max_block_size') AS a FORMAT JSONEachRow SETTINGS max_block_size = 18, max_threads = 1"
    assert rows(server, query) == b'{"a":18}\n'


def test_what_is_not_offered_is_refused_clearly(server: Any) -> None:
    """Roles and forms are errors of their own, not answers to something else."""
    assert call(server, body="SELECT 1", role="admin")[2]["X-ClickHouse-Exception-Code"] == "511"
    form = {**BASIC, "Content-Type": "multipart/form-data; boundary=x"}
    assert call(server, body="--x--", headers=form)[2]["X-ClickHouse-Exception-Code"] == "48"


def test_what_is_no_select_answers_too(server: Any) -> None:
    """SHOW, DESCRIBE, EXPLAIN and EXISTS give their results in the format asked for."""
    rows(server, "CREATE TABLE IF NOT EXISTS db.shown (a UInt8) ENGINE = Memory")
    assert rows(server, "SHOW TABLES FROM db LIKE 'shown' FORMAT JSONEachRow") == b'{"name":"shown"}\n'
    assert rows(server, "SHOW TABLES FROM db LIKE 'shown' FORMAT Native") == b"\x01\x01\x04name\x06String\x05shown"
    assert rows(server, "DESCRIBE TABLE db.shown").startswith(b"a\tUInt8\t")
    assert rows(server, "EXPLAIN SYNTAX SELECT 1").startswith(b"SELECT 1")
    assert rows(server, "EXISTS db.shown") == b"1\n"


@pytest.mark.parametrize("tail", [";", "; -- and no more", " -- a; b", " /* a */ ;;", "; /* a */ -- b"])
def test_a_semicolon_and_a_comment_may_end_a_statement(server: Any, tail: str) -> None:
    """What stands behind a SELECT neither breaks nor changes its answer."""
    assert rows(server, f"SELECT '; -- x' AS a{tail}") == b"; -- x\n"


def test_one_statement_is_run_at_a_time(server: Any) -> None:
    """Two statements in one request are refused with 62, as by a real server, and neither runs."""
    _, _, headers = call(server, body="CREATE TABLE db.first (a UInt8) ENGINE = Memory; SELECT 2")
    assert headers["X-ClickHouse-Exception-Code"] == "62"
    assert rows(server, "EXISTS db.first") == b"0\n"


def test_a_connection_serves_one_request_after_another(server: Any) -> None:
    """Keep-alive works for queries and inserts."""
    connection = http.client.HTTPConnection("127.0.0.1", server.http, timeout=DEADLINE_S)
    for number in range(5):
        connection.request("POST", "/", f"SELECT {number}", BASIC)
        assert connection.getresponse().read() == f"{number}\n".encode()
    connection.close()
