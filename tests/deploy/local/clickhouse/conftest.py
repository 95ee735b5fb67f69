from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver import Client, errors
from support.polling import DEADLINE_S

ROOT = Path(__file__).parents[4]
PASSWORD = "correct horse"


@dataclass
class RunningServer:
    """A server process and where it listens."""

    process: subprocess.Popen[str]
    port: int
    http: int
    path: Path

    def client(self, **options: Any) -> Client:
        """A clickhouse-driver client of this server."""
        options = {"user": "tester", "password": PASSWORD, "database": "", **options}
        return Client("127.0.0.1", self.port, **options)

    def serves(self) -> Client | None:
        """A connected client; None where the server refuses another."""
        client = self.client()
        try:
            client.execute("SELECT 1")
        except (errors.ServerException, EOFError, OSError):
            client.disconnect()
            return None
        return client

    def kill(self) -> None:
        """End it as a power switch would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_S)

    def stop(self) -> int:
        """End it as a supervisor would, and return its exit code."""
        self.process.terminate()
        return self.process.wait(DEADLINE_S)


def launch(path: Path, *options: str) -> subprocess.Popen[str]:
    """Start the command; whoever calls ends it."""
    command = [sys.executable, "-m", "deploy.local.clickhouse", "--path", str(path)]
    command += ["--port", "0", "--http-port", "0", "--user", "tester", *options]
    environment = {**os.environ, "HAILONG_CLICKHOUSE_PASSWORD": PASSWORD}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def start(path: Path, *options: str) -> RunningServer:
    """Start a server and wait until it listens."""
    process = launch(path, *options)
    assert process.stdout
    line = process.stdout.readline()
    found = re.fullmatch(r"ready clickhouse=[\d.]+ host=127\.0\.0\.1 port=(\d+) http=(\d+)\n", line)
    if not found:
        process.kill()
        raise AssertionError(f"no ready line but {line!r}: {process.communicate()}")
    return RunningServer(process, int(found[1]), int(found[2]), path)


def _end(server: RunningServer) -> None:
    if server.process.poll() is None:
        server.process.kill()
    server.process.communicate()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The server that the tests of one module share, with a database `db`."""
    running = start(tmp_path_factory.mktemp("clickhouse"))
    try:
        with running.client() as client:
            client.execute("CREATE DATABASE db")
        yield running
    finally:
        _end(running)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """Starts servers on a directory of the test's own, to be killed and started again."""
    running: list[RunningServer] = []

    def start_another(*options: str) -> RunningServer:
        running.append(start(tmp_path / "data", *options))
        return running[-1]

    yield start_another
    for one in running:
        _end(one)


@pytest.fixture
def launch_on() -> Callable[..., subprocess.Popen[str]]:
    """Starts the command on a directory without waiting for it."""
    return launch
