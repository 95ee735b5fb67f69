"""`hailong scores`: the scores of Decision 766, month by month."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from deploy.cli.error_report import FAILED
from deploy.cli.options import Dir, variables_for

app = typer.Typer(
    help="The scores of Decision 766, month by month.\n\nWhat they count, and when a month is closed: docs/scores.md.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.callback()
def scores() -> None:
    """Keep `close` a sub-command."""


@app.command()
def close(
    *,
    month: Annotated[datetime, typer.Option(formats=["%Y-%m"], help="The month, such as 2026-05.", show_default=False)],
    directory: Dir = None,
) -> None:
    """Store the scores of a month, once the limits of its feedback have ended.

    The figures are those known when the last limit had ended, whoever closes the month, and whenever. A closed month is
    never stored again; v_score_changes shows what has changed since. Run it daily: it does nothing while the month is
    provisional (exit status 1) and nothing when it is closed (0).

    Example: hailong scores close --month 2026-05
    """
    from deploy.settings.clickhouse import ClickHouseSettings
    from deploy.settings.load import load
    from sinks.clickhouse.client import session
    from sinks.clickhouse.score_closing import close_month

    connection = load(ClickHouseSettings, variables_for(directory, [ClickHouseSettings])).connection()
    with session(connection, timeout_s=600) as client:
        before = close_month(client, month.date())
    name = f"{month:%Y-%m}"
    if before.standing == "CLOSED":
        typer.echo(f"{name} was closed at {before.closed_at:%Y-%m-%d %H:%M} UTC. Nothing was stored.")
    elif before.standing == "SETTLED":
        typer.echo(f"{name} is closed, with what was known at {before.settles_at:%Y-%m-%d %H:%M} UTC.")
    else:
        until = "a limit is paused" if before.settles_at is None else f"until {before.settles_at:%Y-%m-%d %H:%M} UTC"
        typer.echo(
            f"{name} is provisional ({until}): {before.unsettled} of {before.items} items may still become late."
        )
        raise typer.Exit(FAILED)
