from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.clickhouse_server import ROOT, ClickHouseServer, answers, running_clickhouse
from support.extras import needs_clickhouse_server
from support.polling import DEADLINE_S, eventually
from support.threads import beside

from deploy.local.clickhouse_kind import ClickHouseKind
from deploy.local.ports import free_port, listens
from schemas.errors import SystemFault
from sinks.clickhouse.client import query, session

pytestmark = [pytest.mark.servers, needs_clickhouse_server]

USERS = """
<clickhouse>
  <profiles><default/></profiles><quotas><default/></quotas>
  <users>
    <ann>
      <password>of ann</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
      <grants><query>GRANT SELECT ON system.one</query></grants>
    </ann>
    <default>
      <password>of default</password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
    </default>
  </users>
</clickhouse>
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouseServer]:
    """A server of its own, which a test may end."""
    with running_clickhouse(tmp_path, ClickHouseKind.SERVER) as found:
        yield found


def over_http(server: ClickHouseServer, statement: str, user: str = "", password: str = "") -> tuple[int, str]:
    """Status and body."""
    request = urllib.request.Request(f"http://127.0.0.1:{server.http_port}/", statement.encode())
    if user:
        request.add_header("Authorization", f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_it_is_clickhouse_itself_on_both_ports(real_clickhouse: ClickHouseServer) -> None:
    """Versions agree, and the native port streams progress as only ClickHouse does."""
    ((native,),) = query(real_clickhouse.connection(), "SELECT version()")
    status, http = over_http(real_clickhouse, "SELECT version()", "hailong", "tests")
    assert (status, http.strip()) == (200, native)
    assert native.startswith("26.7.")


def test_nobody_may_use_the_name_by_which_it_starts_itself(real_clickhouse: ClickHouseServer) -> None:
    """`default` needs no password, so it can neither close the ports nor read a table."""
    assert over_http(real_clickhouse, "SYSTEM STOP LISTEN HTTP")[1].startswith("Code: 201")
    assert "ACCESS_DENIED" in over_http(real_clickhouse, "SELECT * FROM system.users")[1]
    assert "EXCEEDED" in over_http(real_clickhouse, "CREATE TABLE default.mine (a UInt8) ENGINE = Memory")[1]


def test_its_user_cannot_read_files_or_addresses(real_clickhouse: ClickHouseServer) -> None:
    """What reaches outside the database is refused, by every way to it."""
    with session(real_clickhouse.connection()) as client:
        for reading in (
            "SELECT * FROM file('/etc/passwd', 'LineAsString', 'l String')",
            "SELECT * FROM default.`/etc/passwd`",
            "SELECT * FROM url('http://127.0.0.1/', 'LineAsString', 'l String')",
            "CREATE TABLE t (l String) ENGINE = File(LineAsString, '/etc/passwd')",
        ):
            with pytest.raises(Exception, match=r"ACCESS_DENIED|Not enough privileges"):
                client.execute(reading)


def test_a_file_of_users_replaces_its_user(tmp_path: Path) -> None:
    """Rights are tested with the files that are delivered; a `default` in them does not stop the start."""
    users = tmp_path / "users.xml"
    users.write_text(USERS, encoding="utf-8")
    with running_clickhouse(tmp_path / "server", ClickHouseKind.SERVER, users) as server:
        assert over_http(server, "SELECT currentUser()", "ann", "of ann") == (200, "ann\n")
        assert over_http(server, "SELECT 1", "hailong", "tests")[0] == 403
        assert over_http(server, "SELECT 1", "default", "of default")[0] == 401


def test_tables_are_there_after_a_stop_and_after_a_kill(server: ClickHouseServer) -> None:
    """Data is on disk, in the directory."""
    with session(server.connection()) as client:
        client.execute("CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a")
        client.execute("INSERT INTO kept VALUES", [(1,)])
    server.stop()
    server.start()
    with session(server.connection()) as client:
        client.execute("INSERT INTO kept VALUES", [(2,)])
    server.kill()
    server.start()
    assert query(server.connection(), "SELECT a FROM kept ORDER BY a") == [(1,), (2,)]


def test_a_stop_waits_for_no_query(server: ClickHouseServer) -> None:
    """Statements of clients are ended, and the server ends in order: a supervisor need not kill it."""
    ended: list[BaseException] = []

    def long_query() -> None:
        try:
            query(server.connection(), "SELECT sleepEachRow(1) FROM numbers(10000) SETTINGS max_block_size = 1")
        except Exception as error:  # noqa: BLE001 which error depends on what comes first
            ended.append(error)

    process = server._process
    assert process is not None
    with beside(long_query, threading.Event(), DEADLINE_S):
        eventually(
            lambda: (
                query(server.connection(), "SELECT count() FROM system.processes WHERE query LIKE '%10000%'") >= [(2,)]
            ),
            "the query runs",
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert ended


def test_a_wrong_password_over_the_native_port_ends_it(server: ClickHouseServer) -> None:
    """Why the stack's supervisor must start it again; over HTTP it is only refused."""
    assert over_http(server, "SELECT 1", "hailong", "wrong")[0] == 403
    assert answers(server.connection())
    with pytest.raises(SystemFault):
        query(replace(server.connection(), password="wrong"), "SELECT 1")
    assert server._process is not None
    assert server._process.wait(DEADLINE_S) == -signal.SIGABRT


@pytest.mark.parametrize("taken", ["--port", "--http-port"])
def test_a_taken_port_is_an_error(real_clickhouse: ClickHouseServer, tmp_path: Path, taken: str) -> None:
    """It does not start with one port only."""
    (tmp_path / "password").write_text("x", encoding="utf-8")
    ports = {"--port": "1", "--http-port": "2", taken: str(real_clickhouse.http_port)}
    command = [sys.executable, "-m", "deploy.local.clickhouse_server", "--path", str(tmp_path / "data")]
    for name, value in ports.items():
        command += [name, value]
    command += ["--password-file", str(tmp_path / "password")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert ended.returncode == 1
    assert ended.stderr == f"cannot start: port {real_clickhouse.http_port} of 127.0.0.1 is taken\n"


@pytest.mark.parametrize(
    ("users", "said"),
    [
        (USERS.replace("GRANT SELECT", "GRANT EVERYTHING"), "Failed to parse grant query"),
        ("no XML", "Syntax error in"),
    ],
    ids=["grant", "xml"],
)
def test_users_that_clickhouse_refuses_are_an_error(tmp_path: Path, users: str, said: str) -> None:
    """It ends with status 1 and ClickHouse's own words, so a mistake in a file of rights is found."""
    (tmp_path / "users.xml").write_text(users, encoding="utf-8")
    command = [
        *(sys.executable, "-m", "deploy.local.clickhouse_server", "--path", str(tmp_path / "data")),
        *("--port", str(free_port()), "--http-port", str(free_port()), "--users", str(tmp_path / "users.xml")),
    ]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("ClickHouse ended: ")
    assert said in ended.stderr


def test_two_servers_never_share_a_directory(server: ClickHouseServer, tmp_path: Path) -> None:
    """The second ends with an error, and the first goes on."""
    second = ClickHouseServer(tmp_path, ClickHouseKind.SERVER)
    with pytest.raises(AssertionError, match="ended at its start"):
        second.start()
    assert "Another server instance in same directory" in (tmp_path / "clickhouse.log").read_text(errors="replace")
    assert answers(server.connection())


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """A killed supervisor leaves no server."""
    program = (
        "import sys, time; from pathlib import Path; from support.clickhouse_server import ClickHouseServer;"
        "from deploy.local.clickhouse_kind import ClickHouseKind;"
        "server = ClickHouseServer(Path(sys.argv[1]), ClickHouseKind.SERVER); server.start();"
        "print(server.http_port, flush=True); time.sleep(1000)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))},
    ) as parent:
        try:
            assert parent.stdout is not None
            port = int(parent.stdout.readline())
            assert listens("127.0.0.1", port)
        finally:
            parent.kill()
    eventually(lambda: not listens("127.0.0.1", port), "the server has ended")
