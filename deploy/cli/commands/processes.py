"""`hailong worker`, `sink`, `webhook` and `alertmanager`: the long-running processes."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from typing import Any, NoReturn

import typer

from deploy.cli.options import variables_for


def _run(name: str) -> NoReturn:
    """Run `deploy/processes/<name>.py` until it ends."""

    def leave(_number: int, _frame: Any) -> None:
        sys.exit(0)

    # Importing everything takes seconds; a SIGTERM meanwhile is an ordinary stop.
    signal.signal(signal.SIGTERM, leave)
    process = import_module(f"deploy.processes.{name}")
    raise typer.Exit(process.run(variables_for(None, process.NEEDS)))


def worker() -> None:
    """Run a worker: it joins ratings with declarations, counts satisfaction, opens complaints and raises alerts.

    Workers share the partitions, so start at most as many as there are partitions. Stop one with SIGTERM or Ctrl-C: it
    finishes its current batch, and the others take over.

    Example: HAILONG_KAFKA_BOOTSTRAP_SERVERS=kafka:9092 hailong worker
    """
    _run("worker")


def sink() -> None:
    """Run the loader: it writes every topic to ClickHouse, each record once.

    Example: HAILONG_ENV_FILE=/etc/hailong/hailong.env hailong sink
    """
    _run("sink")


def webhook() -> None:
    """Send each alert to an HTTP address when it is raised, updated or cleared.

    Example: HAILONG_WEBHOOK_URL=https://chat.example/hooks/hailong hailong webhook
    """
    _run("webhook")


def alertmanager() -> None:
    """Send the open alerts to Prometheus Alertmanager, which groups and silences them and notifies people.

    Example: HAILONG_ALERTMANAGER_URLS=http://am-1:9093,http://am-2:9093 hailong alertmanager
    """
    _run("alertmanager")
