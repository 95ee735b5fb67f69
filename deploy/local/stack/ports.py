"""The ports of a stack: those that a person named, or else the same from one start to the next."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.local.ports import free_port, why_taken
from schemas.errors import ConfigurationError

KAFKA, CLICKHOUSE, CLICKHOUSE_HTTP = "kafka", "clickhouse", "clickhouse-http"
SERVERS = (KAFKA, CLICKHOUSE, CLICKHOUSE_HTTP)
"""Each has an option `--NAME-port`."""


def choose_ports(names: Iterable[str], named: Mapping[str, int | None], kept: Path) -> dict[str, int]:
    """A free loopback port for each name; they are kept in a file for the next start.

    Args:
        names: Of servers and processes.
        named: Ports that a person named, of some or all of SERVERS.
        kept: The file. Where a port of the last start is taken now, another one is chosen.

    Raises:
        ConfigurationError: A port that a person named is taken, or named twice.
    """
    fixed = {name: port for name, port in named.items() if port is not None}
    problems = [
        f"Port {port} of 127.0.0.1 cannot be used: {why}. Name another with --{name}-port, or stop what uses it."
        for name, port in fixed.items()
        if (why := why_taken(port)) is not None
    ]
    if len(set(fixed.values())) < len(fixed):
        options = ", ".join(f"--{name}-port" for name in fixed)
        problems.append(f"{options} name one port twice: each server needs its own.")
    if problems:
        raise ConfigurationError(problems)
    before, chosen = _read(kept), dict(fixed)
    for name in names:
        port = chosen.get(name) or before.get(name)
        while port is None or port in _others(chosen, name) or (name not in fixed and why_taken(port) is not None):
            port = free_port()
        chosen[name] = port
    # The ports of processes that do not run this time stay theirs.
    kept.write_text(json.dumps({**before, **chosen}, indent=2) + "\n", encoding="utf-8")
    return chosen


def _others(chosen: Mapping[str, int], name: str) -> set[int]:
    return {port for other, port in chosen.items() if other != name}


def _read(kept: Path) -> dict[str, int]:
    """The ports of the last start; none if the file is damaged, since any other ports do as well."""
    try:
        found = json.loads(kept.read_text(encoding="utf-8"))
        return {str(name): int(port) for name, port in found.items() if 0 < int(port) <= 65_535}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
