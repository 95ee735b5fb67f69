"""What runs in a stack: the child processes and how each is started, watched and stopped."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.local.broker_kind import Broker
from deploy.local.clickhouse_kind import READER, ClickHouseKind
from deploy.local.readiness import answers_health
from deploy.local.stack.layout import Layout
from deploy.local.supervisor import ChildSpec
from deploy.local.tansu import SESSION_TIMEOUT_MS
from deploy.settings.reference import ReferenceSettings
from deploy.settings.variables import ENV_FILE, without_settings

LOOPBACK = "127.0.0.1"
REFERENCE_FILE = ReferenceSettings.variable("file")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Loopback ports of the servers."""

    kafka_port: int
    clickhouse: int  # native protocol
    clickhouse_http: int

    @property
    def kafka(self) -> str:
        """The broker's `host:port`."""
        return f"{LOOPBACK}:{self.kafka_port}"


def stack_variables(
    layout: Layout, addresses: Addresses, broker: Broker, clickhouse: ClickHouseKind, others: Mapping[str, str]
) -> dict[str, str]:
    """The settings of all processes of the stack; of the user's own (`others`), server addresses are replaced."""
    kept = {name: value for name, value in others.items() if not _is_replaced(name)}
    own_keys = any(name.startswith("HAILONG_SEALING_KEYS") for name in kept)
    if reference := kept.get(REFERENCE_FILE):  # other commands read it from the stack's settings, in any directory
        kept[REFERENCE_FILE] = str(Path(reference).resolve())
    sealing = {} if own_keys else {"HAILONG_SEALING_KEYS_FILE": str(layout.sealing_keys)}
    return {
        # A snapshot belongs to a log: useless if the log is gone after a restart.
        **({"HAILONG_WORKER_SNAPSHOT_DIRECTORY": str(layout.snapshots)} if broker.keeps_topics else {}),
        **kept,
        **sealing,
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": addresses.kafka,
        "HAILONG_KAFKA_SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_MS),
        "HAILONG_KAFKA_PARTITIONS": others.get("HAILONG_KAFKA_PARTITIONS", "4"),
        "HAILONG_CLICKHOUSE_HOST": LOOPBACK,
        "HAILONG_CLICKHOUSE_PORT": str(addresses.clickhouse),
        "HAILONG_CLICKHOUSE_HTTP_PORT": str(addresses.clickhouse_http),
        "HAILONG_CLICKHOUSE_USER": clickhouse.user,
        "HAILONG_CLICKHOUSE_PASSWORD_FILE": str(layout.clickhouse_password),
        "HAILONG_CLICKHOUSE_READER_USER": READER,
        "HAILONG_CLICKHOUSE_READER_PASSWORD_FILE": str(layout.clickhouse_reader_password),
    }


def replaced_variables(variables: Mapping[str, str]) -> list[str]:
    """The user's settings that a stack ignores, because it brings its own servers."""
    return sorted(name for name in variables if _is_replaced(name) and name != ENV_FILE)


def _is_replaced(name: str) -> bool:
    own_servers = name.startswith(("HAILONG_KAFKA_", "HAILONG_CLICKHOUSE_")) and name != "HAILONG_KAFKA_PARTITIONS"
    return own_servers or name in {ENV_FILE, "HAILONG_HTTP_HOST", "HAILONG_HTTP_PORT"}


def child_environment(layout: Layout, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of our own processes: settings come from the stack's file only."""
    return {**without_settings(os.environ), ENV_FILE: str(layout.state_file), "PYTHONUNBUFFERED": "1", **extra}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One of our processes and the loopback port of its metrics."""

    name: str
    port: int

    @property
    def url(self) -> str:
        """The address of its metrics and health."""
        return f"http://{LOOPBACK}:{self.port}"


def command_child(layout: Layout, endpoint: Endpoint, *arguments: str) -> ChildSpec:
    """One of our long-running commands, such as `hailong worker`."""
    command = [sys.executable, "-m", "deploy.cli.main", *arguments]
    extra = {"HAILONG_HTTP_HOST": LOOPBACK, "HAILONG_HTTP_PORT": str(endpoint.port)}
    return ChildSpec(
        name=endpoint.name,
        command=lambda: command,
        environment=child_environment(layout, extra),
        ready=partial(answers_health, endpoint.url),
        ready_timeout_s=90,
    )


def simulator_child(layout: Layout, seed: int, scale: float, truth: Path) -> ChildSpec:
    """The simulator, in a process of its own."""
    arguments = ("simulate", "haiphong-2020", "--seed", str(seed), "--scale", str(scale), "--truth", str(truth))
    command = [sys.executable, "-m", "deploy.cli.main", *arguments]
    return ChildSpec(name="simulator", command=lambda: command, environment=child_environment(layout, {}), once=True)
