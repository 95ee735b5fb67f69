"""`hailong simulate`: publish the events of a scenario."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.error_report import INTERRUPTED
from deploy.cli.options import Dir, Scale, Seed, variables_for
from deploy.cli.progress import progress


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
    with stop_on_signals() as stop, progress("Preparing the scenario", "Publishing", "records") as show:
        sent, total = simulator.run(chosen, variables, lambda now: show(now.sent, now.total), stop)
    typer.echo(f"{sent:,} of {total:,} records are in Kafka.")
    raise typer.Exit(0 if sent == total else INTERRUPTED)
