from __future__ import annotations

import threading
from typing import Any

import pytest
from support.http_statements import basic, call
from support.polling import eventually

pytestmark = pytest.mark.servers
SIGNED = basic("tester", "correct horse")


def said(server: Any, statement: str, session: str, method: str = "POST", **arguments: str) -> str:
    """What a statement of a session gives, or the code of its error."""
    text = {"body": statement} if method == "POST" else {}
    if method == "GET":
        arguments["query"] = statement
    _, body, headers = call(server.http, method, headers=SIGNED, session_id=session, **text, **arguments)
    return headers["X-ClickHouse-Exception-Code"] or body.decode()


def test_a_session_keeps_temporary_tables_and_settings(server: Any) -> None:
    """What one request of a session makes, the next one finds, and no other session does."""
    assert said(server, "CREATE TEMPORARY TABLE mine (a UInt8)", "kept") == ""
    said(server, "INSERT INTO mine VALUES (7)", "kept")
    said(server, "SET max_block_size = 19", "kept")
    assert said(server, "SELECT a, getSetting('max_block_size') FROM mine", "kept", max_threads="1") == "7\t19\n"
    assert said(server, "SELECT a FROM mine", "kept", "GET") == "7\n"
    assert said(server, "SELECT a FROM mine", "another") == "60"


def test_a_get_in_a_session_may_not_write(server: Any) -> None:
    """A link changes nothing, also when it names a session whose owner may write."""
    assert said(server, "CREATE TABLE db.by_link (a UInt8) ENGINE = Memory", "linked", "GET") == "164"
    assert said(server, "EXISTS db.by_link", "linked") == "0\n"


def test_sessions_can_be_asked_for_and_closed(server: Any) -> None:
    """`session_check` refuses a session that is not there, `close_session` ends one, a timeout has a limit."""
    assert said(server, "SELECT 1", "absent", session_check="1") == "372"
    said(server, "CREATE TEMPORARY TABLE gone (a UInt8)", "closing", close_session="1")
    assert said(server, "SELECT 1", "closing", session_check="1") == "372"
    assert said(server, "SELECT 1", "long", session_timeout="3601") == "374"


def test_an_idle_session_ends(server: Any) -> None:
    """After its timeout without requests a session and its tables are gone."""
    said(server, "CREATE TEMPORARY TABLE brief (a UInt8)", "idle", session_timeout="0")
    eventually(lambda: said(server, "SELECT 1", "idle", session_check="1") == "372", "the session ends")


def test_one_session_serves_one_request_at_a_time(server: Any) -> None:
    """A second request of a busy session hears 373 at once."""
    answers: list[str] = []
    slow = "SELECT count() FROM numbers(100) WHERE sleepEachRow(0.1) = 0 SETTINGS max_block_size = 1"
    thread = threading.Thread(target=lambda: answers.append(said(server, slow, "busy")))
    thread.start()
    running = "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow%' AND query NOT LIKE '%LIKE%'"
    with server.client() as watcher:
        eventually(lambda: watcher.execute(running) == [(1,)], "the first request runs")
    assert said(server, "SELECT 1", "busy") == "373"
    thread.join()
    assert answers == ["100\n"]
    assert said(server, "SELECT 1", "busy") == "1\n"
