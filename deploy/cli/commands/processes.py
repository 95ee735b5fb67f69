"""`hailong worker`, `sink`, `webhook` and `alertmanager`: the long-running processes."""

from __future__ import annotations

import signal
import sys
from typing import Any

import typer

from deploy.cli.options import variables_for


def _stop_while_starting() -> None:
    """Let a SIGTERM that comes before the process has begun end it in order: loading everything takes seconds."""

    def leave(_number: int, _frame: Any) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)


def worker() -> None:
    """Run a worker: joins ratings with declarations, counts satisfaction, opens complaints, raises alerts.

    Start as many as there are partitions at most; they share the work. Stop one with SIGTERM or Ctrl-C: it finishes the
    batch in hand, and the others take over.

    Example: HAILONG_KAFKA_BOOTSTRAP_SERVERS=kafka:9092 hailong worker
    """
    _stop_while_starting()
    from deploy.processes import worker as process  # noqa: PLC0415 imported here so that --help is quick

    raise typer.Exit(process.run(variables_for(None, process.NEEDS)))


def sink() -> None:
    """Run the loader: brings every topic into ClickHouse, once.

    Example: HAILONG_ENV_FILE=/etc/hailong/hailong.env hailong sink
    """
    _stop_while_starting()
    from deploy.processes import sink as process  # noqa: PLC0415 imported here so that --help is quick

    raise typer.Exit(process.run(variables_for(None, process.NEEDS)))


def webhook() -> None:
    """Send each alert, when it is raised, updated or cleared, to an HTTP address.

    Example: HAILONG_WEBHOOK_URL=https://chat.example/hooks/hailong hailong webhook
    """
    _stop_while_starting()
    from deploy.processes import webhook as process  # noqa: PLC0415 imported here so that --help is quick

    raise typer.Exit(process.run(variables_for(None, process.NEEDS)))


def alertmanager() -> None:
    """Keep Prometheus' Alertmanager at the alerts that are open: it groups, silences and tells people.

    Example: HAILONG_ALERTMANAGER_URLS=http://am-1:9093,http://am-2:9093 hailong alertmanager
    """
    _stop_while_starting()
    from deploy.processes import alertmanager as process  # noqa: PLC0415 imported here so that --help is quick

    raise typer.Exit(process.run(variables_for(None, process.NEEDS)))
