from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver import errors
from support.polling import DEADLINE_S, eventually

pytestmark = pytest.mark.servers


def test_a_killed_server_keeps_every_acknowledged_insert(own_server: Callable[..., Any]) -> None:
    """After SIGKILL in the middle of inserting, all that was acknowledged is there, and no batch is partial."""
    server = own_server()
    with server.client() as client:
        client.execute("CREATE DATABASE db")
        client.execute("CREATE TABLE db.t (batch UInt32, n UInt32) ENGINE = MergeTree ORDER BY batch")
    acknowledged = 0
    killer = threading.Thread(target=server.kill)
    with server.client(compression=True) as client, contextlib.suppress(EOFError, OSError, errors.Error):
        while True:
            client.execute("INSERT INTO db.t VALUES", [(acknowledged, n) for n in range(2000)])
            acknowledged += 1
            if acknowledged == 5:
                killer.start()
    killer.join()
    again = own_server()
    with again.client() as client:
        batches = client.execute("SELECT batch, count() FROM db.t GROUP BY batch ORDER BY batch")
    assert acknowledged >= 5
    assert {size for _, size in batches} == {2000}
    assert [batch for batch, _ in batches][:acknowledged] == list(range(acknowledged))
    assert len(batches) <= acknowledged + 1


def test_a_client_that_dies_within_its_insert_stores_nothing(own_server: Callable[..., Any]) -> None:
    """Blocks without their end are forgotten, however many have arrived."""
    server = own_server("--max-clients", "1")
    with server.client() as client:
        client.execute("CREATE TABLE main.t (n UInt64) ENGINE = MergeTree ORDER BY n")
    dying = eventually(server.serves, "a place for the next client")

    def rows() -> Any:
        for number in range(50_000):
            yield (number,)
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError), dying:
        dying.execute("INSERT INTO main.t VALUES", rows(), settings={"insert_block_size": 1000})
    client = eventually(server.serves, "the server noticed that the client died and serves another")
    with client:
        assert client.execute("SELECT count() FROM main.t") == [(0,)]
        client.execute("INSERT INTO main.t VALUES", [(1,)])
        assert client.execute("SELECT count() FROM main.t") == [(1,)]


def test_sigterm_ends_it_cleanly_and_the_data_stays(own_server: Callable[..., Any]) -> None:
    """An orderly stop returns 0 with clients connected, and the next server has the tables."""
    server = own_server()
    client = server.client()
    client.execute("CREATE DATABASE db")
    client.execute("CREATE TABLE db.t ENGINE = MergeTree ORDER BY a AS SELECT 1 AS a")
    assert server.stop() == 0
    client.disconnect()
    with own_server().client() as after:
        assert after.execute("SELECT a FROM db.t") == [(1,)]
        assert after.execute("SELECT engine FROM system.databases WHERE name = 'db'") == [("Atomic",)]


def test_a_second_server_on_the_same_directory_is_refused(
    own_server: Callable[..., Any], launch_on: Callable[..., subprocess.Popen[str]]
) -> None:
    """The second process says whose the directory is and ends with 1; the first goes on."""
    server = own_server()
    second = launch_on(server.path)
    _, stderr = second.communicate(timeout=DEADLINE_S)
    assert second.returncode == 1
    assert f"in use by another server (process {server.process.pid})" in stderr
    with server.client() as client:
        assert client.execute("SELECT 1") == [(1,)]


def test_the_password_can_come_from_a_file(own_server: Callable[..., Any], tmp_path: Path) -> None:
    """A password file counts before the environment, and the zone is the one asked for."""
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    server = own_server("--password-file", str(secret), "--time-zone", "Asia/Ho_Chi_Minh")
    with server.client(password="from a file") as client:
        assert client.execute("SELECT serverTimezone()") == [("Asia/Ho_Chi_Minh",)]
