"""The first step of every long-running process."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from deploy.observability import configure_logs
from deploy.settings.load import load
from deploy.settings.process import LogSettings


def begin(process: str, variables: Mapping[str, str]) -> None:
    """Configure the logs, and add the name of the process to every line."""
    logs = load(LogSettings, variables)
    configure_logs(logs.level, logs.format)
    structlog.contextvars.bind_contextvars(process=process)
