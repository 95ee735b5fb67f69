"""The ClickHouse of a stack: the embedded one, which needs Python only, or a real server."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import partial

from deploy.local.clickhouse_kind import ClickHouseKind
from deploy.local.clickhouse_server.library import resolve
from deploy.local.readiness import clickhouse_ready
from deploy.local.stack.layout import Layout
from deploy.local.stack.plan import LOOPBACK, Addresses, child_environment
from deploy.local.supervisor import ChildSpec
from schemas.errors import ConfigurationError
from sinks.clickhouse.connection import ClickHouseConnection


def refuse_other_data(kind: ClickHouseKind, layout: Layout) -> None:
    """Refuse a directory that holds data of the other ClickHouse.

    The two do not read each other's files, and Apache Kafka's sink would go on behind what only the other one stores.

    Raises:
        ConfigurationError: It does.
    """
    data = {ClickHouseKind.EMBEDDED: layout.clickhouse, ClickHouseKind.SERVER: layout.clickhouse_server}
    for other, directory in data.items():
        if other is not kind and directory.exists():
            held = f"{layout.directory} holds data of {other.in_words}, which {kind.in_words} does not read"
            what_to_do = f"start with --clickhouse {other}, or name another directory with --dir"
            raise ConfigurationError([f"{held}: {what_to_do}."])


def clickhouse_child(
    kind: ClickHouseKind,
    layout: Layout,
    addresses: Addresses,
    connection: ClickHouseConnection,
    tell: Callable[[str], None],
) -> ChildSpec:
    """The ClickHouse's process.

    Args:
        kind: Which one.
        layout: Directory of the stack.
        addresses: Where it listens.
        connection: How to reach it.
        tell: Called with a line of progress.

    Raises:
        ConfigurationError: npm, which fetches the real server, is missing, or this machine cannot run it.
        SystemFault: It cannot be fetched.
    """
    ports = ("--port", str(addresses.clickhouse), "--http-port", str(addresses.clickhouse_http))
    password = ("--password-file", str(layout.clickhouse_password))
    child = partial(
        ChildSpec,
        name="clickhouse",
        environment=child_environment(layout, {}),
        ready=partial(clickhouse_ready, connection),
        ready_timeout_s=60,
    )
    if kind is ClickHouseKind.SERVER:
        resolve(tell=tell)  # before the start, whose time is limited
        room, path = "deploy.local.clickhouse_server", layout.clickhouse_server
        command = [sys.executable, "-m", room, "--path", str(path), *ports, *password]
        # Its native port aborts on a wrong password.
        return child(command=lambda: command, pardoned=frozenset({signal.SIGABRT}))
    room, path = "deploy.local.clickhouse", layout.clickhouse
    command = [sys.executable, "-m", room, "--path", str(path), "--host", LOOPBACK, *ports, *password]
    return child(command=lambda: command)
