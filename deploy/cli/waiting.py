"""`--wait` of several commands: wait until all is done, then audit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.context import console
from deploy.cli.error_report import FAILED, INTERRUPTED, STALLED, WORKING

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from deploy.settings.group import SettingsGroup

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float:
    """Seconds of a duration such as `90s`, `30m`, `2h` or `90`.

    Raises:
        typer.BadParameter: It is something else, or 0.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", str(text).strip())
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if seconds <= 0:
        raise typer.BadParameter(f"{text} is not a duration: write 90s, 30m or 2h")
    return seconds


Timeout = Annotated[
    float,
    typer.Option(
        "--timeout", parser=parse_duration, metavar="DURATION", show_default="30m", help="Longest wait: 90s, 30m or 2h."
    ),
]
DEFAULT_TIMEOUT_S = 1800.0


def needs_of_waiting() -> Sequence[type[SettingsGroup]]:
    """The settings that `wait_and_audit` reads."""
    from deploy.admin.pipeline import NEEDS

    return NEEDS


def wait_and_audit(variables: Mapping[str, str], timeout_s: float, *, as_json: bool = False) -> int:
    """Wait until everything in Kafka has arrived, with lines of progress on standard error; print the audit.

    Args:
        variables: Settings, of the groups of `needs_of_waiting`.
        timeout_s: How long to wait.
        as_json: Whether to print the audit as JSON.

    Returns:
        The exit status: 0 all is done and nothing is missing or doubled, 1 something is, 3 time is up,
        4 a process reads nothing, 130 stopped by Ctrl-C.
    """
    from deploy.admin.pipeline import pipeline_info
    from deploy.settings.clickhouse import ClickHouseSettings
    from deploy.settings.kafka import KafkaSettings
    from deploy.settings.load import load
    from deploy.stop_signal import stop_on_signals
    from sinks.audit.render import render
    from sinks.audit.waiting import Ending, WaitOptions, wait_until_done

    kafka, clickhouse = load(KafkaSettings, variables), load(ClickHouseSettings, variables)
    with stop_on_signals() as stop:
        waited = wait_until_done(
            kafka.connection(),
            clickhouse.connection(),
            pipeline_info(variables),
            WaitOptions(timeout_s),
            stop,
            lambda line: typer.echo(line, err=True),
        )
    if as_json:
        typer.echo(waited.report.to_json())
    else:
        console().print(render(waited.report), soft_wrap=True)
    if waited.ending is not Ending.DONE:
        typer.echo(f"{waited.why} Nothing is lost by that: `hailong audit --wait` waits on.", err=True)
    statuses = {Ending.TIME_IS_UP: WORKING, Ending.STALLED: STALLED, Ending.STOPPED: INTERRUPTED}
    return statuses.get(waited.ending, 0 if waited.report.clean else FAILED)
