"""What every long-running process does first."""

from __future__ import annotations

import time
from collections.abc import Mapping

import structlog

from deploy.observability import configure_logs
from deploy.settings import LogSettings, load


def wall_clock() -> int:
    """Epoch milliseconds, UTC."""
    return time.time_ns() // 1_000_000


def begin(process: str, variables: Mapping[str, str]) -> None:
    """Configure the logs and put the process's name into each line."""
    logs = load(LogSettings, variables)
    configure_logs(logs.level, logs.format)
    structlog.contextvars.bind_contextvars(process=process)
