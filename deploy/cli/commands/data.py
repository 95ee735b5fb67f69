"""`hailong simulate` and `hailong publish`: data in."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

import typer

from deploy.cli.error_report import FAILED, INTERRUPTED
from deploy.cli.options import Dir, variables_for


class ScenarioName(StrEnum):
    """The scenarios there are."""

    HAIPHONG_2020 = "haiphong-2020"


def simulate(
    scenario: Annotated[ScenarioName, typer.Argument(help="Which scenario.")],
    *,
    directory: Dir = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes another course of the same figures.")] = 2020,
    scale: Annotated[float, typer.Option(min=0.01, max=1, help="Its size; 1 is all of Hai Phong.")] = 1.0,
    speed: Annotated[
        float | None,
        typer.Option(min=0.001, help="Simulated seconds per second, e.g. 3600; without it as fast as it goes."),
    ] = None,
    poison: Annotated[bool, typer.Option(help="Mix in broken records, as life does.")] = True,
    handling: Annotated[bool, typer.Option(help="Handle complaints: offices act, enterprises rate it.")] = True,
    truth: Annotated[
        Path | None, typer.Option(help="File for the true figures of the scenario (JSON).", dir_okay=False)
    ] = None,
) -> None:
    """Play a scenario into Kafka: the same events in the same order for the same seed.

    haiphong-2020: the first 57 days of the rating system at Hai Phong Customs, calibrated to the published figures.

    Example: hailong simulate haiphong-2020 --scale 0.1

    Example: hailong simulate haiphong-2020 --speed 3600 --no-poison
    """
    from deploy.local.supervisor import StopRequest  # noqa: PLC0415 as above
    from deploy.processes import simulator  # noqa: PLC0415 imported here so that --help is quick

    del scenario  # there is one so far
    variables = variables_for(directory, simulator.NEEDS)
    what = simulator.Scenario(seed, scale, speed, poison, handling, truth)
    with StopRequest() as stop, _Bar("Preparing the scenario", "Playing") as bar:
        sent, total = simulator.run(what, variables, lambda now: bar.show(now.sent, now.total), stop.event)
    typer.echo(f"{sent:,} of {total:,} records are in Kafka.")
    raise typer.Exit(0 if sent == total else INTERRUPTED)


class Kind(StrEnum):
    """Which events a file holds."""

    AUTO = "auto"
    STATUS = "status"
    RATING = "rating"
    ACTION = "action"


def publish(
    files: Annotated[
        list[Path], typer.Argument(help="JSON Lines, CSV or Avro files, each may be gzipped.", metavar="FILE...")
    ],
    *,
    directory: Dir = None,
    kind: Annotated[Kind, typer.Option(help="Which events they hold; auto: told by the names of the fields.")] = (
        Kind.AUTO
    ),
    rejects: Annotated[
        Path | None, typer.Option(help="CSV file for the rejected lines; else they are printed.", dir_okay=False)
    ] = None,
) -> None:
    """Bring status and rating events, and actions on complaints, from files into Kafka.

    Each rejected line is reported with file, line number, field and rule, and nothing of it is sent. The exit status
    is 1 if any was rejected. Sending a file twice changes nothing. The format, field by field: docs/publishing.md.

    Example: hailong publish statuses.csv ratings.jsonl.gz --rejects rejects.csv
    """
    from deploy.local.supervisor import StopRequest  # noqa: PLC0415 as above
    from deploy.processes import files as process  # noqa: PLC0415 imported here so that --help is quick

    variables = variables_for(directory, process.NEEDS)
    with StopRequest() as stop, _Bar("Reading", "Publishing") as bar:
        report = process.run(
            files,
            kind.value,
            variables,
            lambda now: bar.show(now.bytes_read, now.bytes_total),
            rejects,
            lambda rejection: typer.echo(str(rejection), err=True),
            stop.event,
        )
    typer.echo(f"{report.sent:,} of {report.read:,} events are in Kafka, {report.rejected:,} were rejected.")
    if report.doubtful_tax_codes:
        typer.echo(f"{report.doubtful_tax_codes:,} of them have a tax code whose check digit is wrong.")
    if report.stopped:
        typer.echo("Stopped before the end; publish the same files again to complete them.", err=True)
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(0 if report.clean else FAILED)


class _Bar:
    """A progress bar on a terminal; nothing elsewhere."""

    def __init__(self, before: str, during: str) -> None:
        from rich.console import Console  # noqa: PLC0415 as above
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415 as above

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(40), TaskProgressColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bars.add_task(before, total=None)
        self._during = during

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bars.stop()

    def show(self, done: int, total: int) -> None:
        """Show how much is done."""
        self._bars.update(self._task, description=self._during, completed=done, total=total)
