"""The ClickHouse of a stack: the embedded one, which needs Python only, or a real server."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from deploy.local.clickhouse_kind import READER, ClickHouseKind
from deploy.local.clickhouse_server.library import resolve
from deploy.local.readiness import clickhouse_ready
from deploy.local.stack.layout import Layout
from deploy.local.stack.plan import Addresses, child_environment
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


def clickhouse_command(
    kind: ClickHouseKind,
    path: Path,
    port: int,
    http_port: int,
    password_file: Path,
    reader_password_file: Path | None = None,
) -> Sequence[str]:
    """The command line that starts a ClickHouse on the loopback interface.

    Args:
        kind: Which one.
        path: Directory of its data.
        port: Of the native protocol.
        http_port: Of HTTP.
        password_file: Holds the password of its user.
        reader_password_file: Holds the password of a second user, who may only read; without it there is none.
    """
    room = "deploy.local.clickhouse" if kind is ClickHouseKind.EMBEDDED else "deploy.local.clickhouse_server"
    return (
        *(sys.executable, "-m", room, "--path", str(path), "--port", str(port), "--http-port", str(http_port)),
        *("--password-file", str(password_file)),
        *(("--reader", READER, "--reader-password-file", str(reader_password_file)) if reader_password_file else ()),
    )


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
    embedded = kind is ClickHouseKind.EMBEDDED
    path = layout.clickhouse if embedded else layout.clickhouse_server
    command = clickhouse_command(
        kind,
        path,
        addresses.clickhouse,
        addresses.clickhouse_http,
        layout.clickhouse_password,
        layout.clickhouse_reader_password,
    )
    if not embedded:
        resolve(tell=tell)  # before the start, whose time is limited
    return ChildSpec(
        name="clickhouse",
        command=lambda: command,
        environment=child_environment(layout, {}),
        ready=partial(clickhouse_ready, connection),
        ready_timeout_s=60,
        pardoned=frozenset() if embedded else frozenset({signal.SIGABRT}),  # it aborts on a wrong password
    )
