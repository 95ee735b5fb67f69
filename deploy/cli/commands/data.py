"""`hailong publish` and `hailong simulate`: bring data in."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.context import progress_bar
from deploy.cli.error_report import FAILED, INTERRUPTED
from deploy.cli.options import Dir, Scale, Seed, variables_for
from producers.files.report import FileKind


class ScenarioName(StrEnum):
    """Scenarios of the simulator."""

    HAIPHONG_2020 = "haiphong-2020"


def simulate(
    scenario: Annotated[ScenarioName, typer.Argument(help="Name of the scenario.")],
    *,
    directory: Dir = None,
    seed: Seed = 2020,
    scale: Scale = 1.0,
    speed: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            help="Simulated seconds per real second, e.g. 3600. Without it: as fast as possible.",
            show_default=False,
        ),
    ] = None,
    poison: Annotated[bool, typer.Option(help="Mix in broken records, as in real life.")] = True,
    handling: Annotated[bool, typer.Option(help="Also simulate how offices handle complaints.")] = True,
    truth: Annotated[
        Path | None, typer.Option(help="Write the true figures of the scenario to this file (JSON).", dir_okay=False)
    ] = None,
) -> None:
    """Publish the events of a simulated scenario to Kafka. The same seed gives the same events in the same order.

    haiphong-2020: the first 57 days of the rating system at Hai Phong Customs, calibrated to the published figures.

    Example: hailong simulate haiphong-2020 --scale 0.1

    Example: hailong simulate haiphong-2020 --speed 3600 --no-poison
    """
    from deploy.processes import simulator
    from deploy.stop_signal import stop_on_signals

    del scenario  # there is only one
    variables = variables_for(directory, simulator.NEEDS)
    chosen = simulator.Scenario(seed, scale, speed, poison, handling, truth)
    with stop_on_signals() as stop, progress_bar("Preparing the scenario", "Publishing") as show:
        sent, total = simulator.run(chosen, variables, lambda now: show(now.sent, now.total), stop)
    typer.echo(f"{sent:,} of {total:,} records are in Kafka.")
    raise typer.Exit(0 if sent == total else INTERRUPTED)


def publish(
    files: Annotated[
        list[Path],
        typer.Argument(help="JSON Lines, CSV or Avro files; each may be compressed with gzip.", metavar="FILE..."),
    ],
    *,
    directory: Dir = None,
    kind: Annotated[
        FileKind, typer.Option(help="Kind of the events; auto: detect it from the field names.")
    ] = FileKind.AUTO,
    rejects: Annotated[
        Path | None, typer.Option(help="Write the rejections to this CSV file. Without it: print them.", dir_okay=False)
    ] = None,
) -> None:
    """Publish events from files to Kafka: declaration statuses, ratings, and actions on complaints.

    An event that breaks a rule is rejected and not sent; the report names file, line, field and rule. The exit status
    is 1 if any event was rejected. Publishing a file twice changes nothing. All fields: docs/publishing.md.

    Example: hailong publish statuses.csv ratings.jsonl.gz --rejects rejects.csv
    """
    from deploy.processes import files as process
    from deploy.stop_signal import stop_on_signals

    variables = variables_for(directory, process.NEEDS)
    with stop_on_signals() as stop, progress_bar("Reading", "Publishing") as show:
        report = process.run(
            files,
            kind,
            variables,
            lambda now: show(now.bytes_read, now.bytes_total),
            rejects,
            lambda rejection: typer.echo(str(rejection), err=True),
            stop,
        )
    typer.echo(f"{report.sent:,} of {report.read:,} events are in Kafka; {report.rejected:,} were rejected.")
    if report.doubtful_tax_codes:
        typer.echo(f"{report.doubtful_tax_codes:,} of those in Kafka have a tax code with a wrong check digit.")
    if report.stopped:
        typer.echo("Stopped before the end: publish the same files again to complete them.", err=True)
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(0 if report.clean else FAILED)
