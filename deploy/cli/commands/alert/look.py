"""`hailong alert list` and `show`: what was raised, without changing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.context import console, kafka_cluster
from deploy.cli.options import Dir, Json

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from collections.abc import Mapping

    from deploy.admin.alerts.handling import Handling
    from deploy.cli.context import Cluster
    from schemas.records.alerts import Alert

ROWS = 50

AlertId = Annotated[str, typer.Argument(metavar="ALERT", help="Id of the alert, or how it begins.", show_default=False)]


def list_alerts(
    *,
    directory: Dir = None,
    office: Annotated[str | None, typer.Option(help="Only alerts about this office.", show_default=False)] = None,
    unjudged: Annotated[
        bool, typer.Option("--unjudged", help="Only alerts without a verdict, ended ones too.")
    ] = False,
    ended: Annotated[bool, typer.Option("--all", help="Also alerts that ended or were retracted.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = ROWS,
    as_json: Json = False,
) -> None:
    """List open alerts, the latest first, with what people did about them.

    Example: hailong alert list --office 03CC --unjudged
    """
    from deploy.admin.alerts import tables
    from schemas.records.alerts import AlertState

    alerts, handled = read_all_alerts(kafka_cluster(directory))
    states = {AlertState.OPEN} if not (ended or unjudged) else {AlertState.OPEN, AlertState.CLEARED}
    found = [
        alert
        for alert in alerts
        if (ended or alert.state in states)
        and office in (None, alert.office)
        and not (unjudged and handled.get(alert.alert_id, tables.NOTHING).verdict)
    ]
    if as_json:
        for alert in found[:limit]:
            typer.echo(tables.as_json(alert, handled.get(alert.alert_id, tables.NOTHING)))
        return
    screen = console()
    if not found:
        screen.print(
            "No alert matches." if ended or unjudged else "No open alert matches; --all also shows ended ones."
        )
        return
    screen.print(tables.listing(found[:limit], handled))
    if len(found) > limit:
        screen.print(f"\n{len(found) - limit:,} more: use --limit {len(found)}, or --json for all fields.")


def show(alert: AlertId, *, as_json: Json = False, directory: Dir = None) -> None:
    """Show one alert: its sentence, its evidence, what people did about it.

    Example: hailong alert show 7b1c
    """
    from deploy.admin.alerts import tables
    from deploy.admin.alerts.records import find_alert

    alerts, handled = read_all_alerts(kafka_cluster(directory))
    found = find_alert(alerts, alert)
    handling = handled.get(found.alert_id, tables.NOTHING)
    if as_json:
        typer.echo(tables.as_json(found, handling))
    else:
        console().print(tables.page(found, handling))


def read_all_alerts(cluster: Cluster) -> tuple[list[Alert], Mapping[str, Handling]]:
    """Every alert, and what people did, read from Kafka."""
    from deploy.admin.alerts.records import read_alerts, read_handling

    with console(stderr=True).status("Reading alerts ..."):
        return read_alerts(*cluster), read_handling(*cluster)
