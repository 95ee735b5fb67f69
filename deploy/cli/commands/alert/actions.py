"""`hailong alert acknowledge`, `assign` and `verdict`: what somebody did about an alert, or judges of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.commands.alert.look import AlertId, read_all_alerts
from deploy.cli.context import console, kafka_cluster
from deploy.cli.options import Dir
from producers.clock import wall_clock
from schemas.records.alerts import AlertActionKind, Verdict

By = Annotated[
    str,
    typer.Option(
        "--by",
        envvar="HAILONG_ALERT_BY",
        help="You: the pseudonymous id of an official, never a name.",
        show_default=False,
    ),
]
Words = Annotated[
    str | None,
    typer.Option("--text", help="In words. Write it so that no person can be recognised.", show_default=False),
]
At = Annotated[
    str | None,
    typer.Option(
        help="When it was done, with UTC offset, e.g. 2026-09-08T10:00:00+07:00. Without it: now.", show_default=False
    ),
]


def acknowledge(alert: AlertId, *, by: By, text: Words = None, at: At = None, directory: Dir = None) -> None:
    """Record that somebody has seen the alert and takes it up.

    Example: hailong alert acknowledge 7b1c --by o-2210
    """
    _act(directory, alert, AlertActionKind.ACKNOWLEDGED, by, at, text)


def assign(
    alert: AlertId,
    *,
    to: Annotated[
        str, typer.Option(help="Pseudonymous id of the official who is to look into it.", show_default=False)
    ],
    by: By,
    text: Words = None,
    at: At = None,
    directory: Dir = None,
) -> None:
    """Record who is to look into the alert. A later assignment replaces an earlier one.

    Example: hailong alert assign 7b1c --to o-2231 --by o-2210
    """
    _act(directory, alert, AlertActionKind.ASSIGNED, by, at, text, assignee=to)


def verdict(
    alert: AlertId,
    verdict: Annotated[Verdict, typer.Argument(help="What the alert turned out to be.", show_default=False)],
    *,
    by: By,
    text: Words = None,
    at: At = None,
    directory: Dir = None,
) -> None:
    """Judge the alert. A later verdict replaces an earlier one.

    REAL: service was worse. EXPLAINED: opinions were worse, for a reason outside the office; say which by --text.
    FALSE: nothing was the matter.

    Example: hailong alert verdict 7b1c EXPLAINED --by o-2210 --text "The customs system was down nationwide."
    """
    _act(directory, alert, AlertActionKind(verdict.value), by, at, text)


def _act(
    directory: Path | None,
    alert: str,
    kind: AlertActionKind,
    by: str,
    at: str | None,
    text: str | None,
    assignee: str | None = None,
) -> None:
    """Send one action and wait until Kafka has it; the arguments are those of the command."""
    from deploy.admin.alerts.records import find_alert
    from deploy.errors import Mistake
    from producers.files.fields import milliseconds
    from producers.sdk import EventPublisher
    from schemas.ids import alert_action_id
    from schemas.records.alerts import AlertAction

    acted_at = wall_clock() if at is None else milliseconds(at)
    if acted_at is None:
        raise Mistake("--at must be a time with its UTC offset, such as 2026-09-08T10:00:00+07:00.")
    cluster = kafka_cluster(directory)
    alerts, _handled = read_all_alerts(cluster)  # which also finds that the topic of actions is missing
    found = find_alert(alerts, alert).alert_id
    action_id = alert_action_id(found, kind, by, acted_at)
    action = AlertAction(action_id, found, kind, acted_at, by, assignee, text)
    with console(stderr=True).status("Waiting for Kafka ..."), EventPublisher(cluster[0]) as publisher:
        publisher.publish_alert_action(action).result()
    typer.echo(f"{kind.lower()}: recorded for alert {found}.")
