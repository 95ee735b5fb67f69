"""Alerts, their evidence and what people did about them as tables; times are in Vietnamese local time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.admin.alerts.handling import Handling
from deploy.admin.complaints.tables import SHORT, local
from deploy.printable import printable, printable_json
from schemas.records.alerts import Alert, AlertAction, state_word
from schemas.reference.wording import how_often

NOTHING = Handling()


def listing(alerts: Sequence[Alert], handled: Mapping[str, Handling]) -> Table:
    """One alert per row, in the order given; fits 80 columns."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("alert", "office", "state", "test", "raised", "dissatisfied", "people"):
        table.add_column(name, no_wrap=True)
    for alert in alerts:
        table.add_row(
            alert.alert_id[:SHORT],
            Text(alert.office),
            state_word(alert.state),
            alert.detector,
            local(alert.raised_at),
            f"{alert.dissatisfied} of {alert.opinions}",
            Text(standing(handled.get(alert.alert_id, NOTHING))),
        )
    return table


def standing(handling: Handling) -> str:
    """In a few words, how far people are with an alert."""
    if handling.verdict is not None:
        return handling.verdict.action
    if handling.assignee is not None:
        return f"assigned to {handling.assignee}"
    return "" if handling.acknowledged_at is None else "acknowledged"


def page(alert: Alert, handling: Handling) -> RenderableType:
    """One alert: its sentences, its evidence, what people did about it."""
    about = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in _about(alert):
        if value:
            about.add_row(Text(name, "bold"), Text(printable(value)))
    done = [Text(printable(_sentence(action))) for action in handling.actions]
    return Group(about, Text(), Text("What people did", "bold"), *(done or [Text("Nothing yet.")]))


def _about(alert: Alert) -> Iterable[tuple[str, str]]:
    yield "alert", alert.alert_id
    yield "", alert.summary_vi
    yield "", alert.summary_en
    yield "office", alert.office
    yield "state", state_word(alert.state)
    yield "test", alert.detector
    yield "raised", local(alert.raised_at)
    yield "eased", local(alert.cleared_at)
    yield "window", f"{local(alert.window_start)} to {local(alert.window_end)}"
    yield "dissatisfied", f"{alert.dissatisfied} of {alert.opinions}, from {alert.enterprises} enterprises"
    if alert.day_opinions is not None:
        day = f"{alert.day_dissatisfied} of {alert.day_opinions}, from {alert.day_enterprises} enterprises"
        yield "last 24 hours", day
    if alert.chance_months is not None:
        yield "by chance", f"{how_often(alert.chance_months)[1]} at this office"
    yield "expected", f"{alert.expected:.1f} ({alert.baseline:.1%})"
    yield "complaint ids", ", ".join(one[:SHORT] for one in alert.complaint_ids)


def _sentence(action: AlertAction) -> str:
    said = f": {action.text}" if action.text else ""
    given = f" to {action.assignee}" if action.assignee else ""
    return f"{local(action.acted_at)}  {action.action}{given} by {action.actor}{said}"


def as_json(alert: Alert, handling: Handling) -> str:
    """An alert and what people did about it as one line of JSON."""
    verdict = handling.verdict
    found = {
        **asdict(alert),
        "acknowledged_at": handling.acknowledged_at,
        "assignee": handling.assignee,
        "verdict": None if verdict is None else verdict.action,
        "actions": [asdict(action) for action in handling.actions],
    }
    return printable_json(json.dumps(found, ensure_ascii=False))
