"""Clients of ClickHouse that other people write, each behind a small program that does what a test asks.

A program takes a verb and its arguments, finds the server in its environment, and prints one line of JSON:

    version                   what the server says it is
    tables                    names of the tables of the database
    select                    the first three rows of the table `contract`
    insert COUNT FIRST_MS     rows into `contract`; how many
    stream COUNT              reads so many numbers; how many came, and their sum
    cancel NAME               starts a query that would take days and cancels it; the seconds until it is gone
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.kafka import java
from deploy.settings.variables import without_settings
from support import client_packages
from support.clickhouse_server import PASSWORD, ClickHouseServer

LONGEST_S = 540.0
"""How long a program may take: a stream of 20 million rows on a busy machine, and more."""

_TESTS = Path(__file__).resolve().parents[1]
_PROGRAMS = _TESTS / "clients" / "programs"


@dataclass(frozen=True, slots=True)
class ForeignClient:
    """A client.

    Attributes:
        name: What it is called.
        start: The beginning of its command line, and what it needs in its environment; fetches packages if needed.
    """

    name: str
    start: Callable[[], tuple[list[str], Mapping[str, str]]]

    def ask(self, server: ClickHouseServer, database: str, *words: object) -> Any:
        """What its program answers."""
        command, more = self.start()
        connection = server.connection(database)
        environment = {
            **without_settings(os.environ),
            **more,
            "LC_ALL": "C.UTF-8",
            "SERVER_HOST": connection.host,
            "SERVER_PORT": str(connection.port),
            "SERVER_HTTP_PORT": str(server.http_port),
            "SERVER_USER": connection.user,
            "SERVER_PASSWORD": PASSWORD,
            "SERVER_DATABASE": database,
        }
        done = subprocess.run(
            [*command, *map(str, words)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        assert done.returncode == 0, f"{self.name} {words} ended with {done.returncode}: {done.stderr[-3000:]}"
        return json.loads(done.stdout.splitlines()[-1])


def _python(program: str, *more: Path) -> tuple[list[str], Mapping[str, str]]:
    return [sys.executable, str(_PROGRAMS / program)], {"PYTHONPATH": os.pathsep.join(map(str, (*more, _TESTS)))}


def _java() -> tuple[list[str], Mapping[str, str]]:
    options = ["-XX:+UseSerialGC", "-Dfile.encoding=UTF-8", "-cp", f"{client_packages.jars()}/*"]
    return [str(java.executable()), *options, str(_PROGRAMS / "JdbcProgram.java")], java.environment()


def _node() -> tuple[list[str], Mapping[str, str]]:
    return ["node", str(_PROGRAMS / "node_program.mjs")], {"NODE_PATH": str(client_packages.node_modules())}


CLICKHOUSE_DRIVER = ForeignClient("clickhouse-driver", lambda: _python("native_program.py"))
CLICKHOUSE_CONNECT = ForeignClient(
    "clickhouse-connect", lambda: _python("connect_program.py", client_packages.python_packages())
)
JDBC = ForeignClient("JDBC", _java)
NODE = ForeignClient("Node client", _node)
DEBIAN = ForeignClient("clickhouse-client 18.16", lambda: _python("debian_program.py"))
