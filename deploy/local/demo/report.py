"""The report: as JSON and as tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deploy.local.demo.figures import AlertFigures, Figures, OfficeFigures

HANOI = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Viet Nam has one time zone and no daylight saving."""


@dataclass(frozen=True, slots=True)
class DemoRun:
    """Facts about the run: what was measured, what the audit found, and what the simulator did."""

    elapsed_s: float  # from the start of the servers to the end of the audit
    peak_rss_mib: float | None  # of all processes; None where the system does not report it
    missing: int
    doubled: int
    planted_office: str  # where the simulator planted a spike; the alert is compared with it
    planted_at: datetime
    answers_sent: int  # complaints that the simulated offices answered


OfficeName = Callable[[str], str]


def as_json(figures: Figures, run: DemoRun, name: OfficeName) -> str:
    """The content of `report.json`."""
    return json.dumps(_document(figures, run, name), ensure_ascii=False, indent=2, default=_local) + "\n"


def problems(figures: Figures, run: DemoRun) -> Iterator[str]:
    """What is wrong with the results, for any seed."""
    if run.missing or run.doubled:
        yield f"The audit found {run.missing} records or items missing and {run.doubled} doubled."
    if figures.complaints_opened != figures.complaints_expected:
        expected = figures.complaints_expected
        yield f"{figures.complaints_opened} complaints were opened, but the raw scores ask for {expected}."
    if figures.feedback != figures.feedback_expected:
        expected = figures.feedback_expected
        yield f"{figures.feedback} complaints are feedback, but {expected} sheets say what was wrong, and who says it."
    if figures.handling.answers != run.answers_sent or figures.handling.refused:
        handling = figures.handling
        yield f"{handling.answers} of {run.answers_sent} answers are there; {handling.refused} actions were refused."
    if [alert.office for alert in figures.alerts] != [run.planted_office]:
        found = ", ".join(alert.office for alert in figures.alerts) or "none"
        yield f"One alert for office {run.planted_office} was to be raised; raised: {found}."


def _document(figures: Figures, run: DemoRun, name: OfficeName) -> Mapping[str, Any]:
    alert = next((alert for alert in figures.alerts if alert.office == run.planted_office), None)
    return {
        "declarations_until_2020_05_06": figures.declarations,
        "rated_until_2020_05_06": figures.rated,
        "response_rate_percent": figures.response_rate_percent,
        "opinions": figures.opinions,
        "satisfied_percent": figures.satisfied_percent,
        "complaints_opened": figures.complaints_opened,
        "complaints_expected": figures.complaints_expected,
        "signals": figures.signals,
        "feedback": figures.feedback,
        "remarks": figures.remarks,
        "feedback_expected": figures.feedback_expected,
        "handling": asdict(figures.handling),
        "alerts": [_named(found, name) for found in figures.alerts],
        "planted_spike": {
            "office": run.planted_office,
            "office_name": name(run.planted_office),
            # From ClickHouse; without an alert, from the simulator.
            "started_at": (alert and alert.first_dissatisfied_at) or run.planted_at,
            "alerted_at": alert and alert.raised_at,
        },
        "audit": {"missing": run.missing, "doubled": run.doubled},
        "events": figures.events,
        "dead_letters": figures.dead_letters,
        "offices": [_named(office, name) for office in figures.offices],
        "elapsed_s": round(run.elapsed_s, 1),
        "events_per_s": round(figures.events / run.elapsed_s),
        "peak_rss_mib": None if run.peak_rss_mib is None else round(run.peak_rss_mib),
    }


def _named(found: AlertFigures | OfficeFigures, name: OfficeName) -> Mapping[str, Any]:
    return {"office": found.office, "office_name": name(found.office), **asdict(found)}


def show(console: Console, figures: Figures, run: DemoRun, name: OfficeName) -> None:
    """Print the report."""
    parts = (_headline(figures), _offices(figures, name), _alerts(figures, run, name), _handling(figures))
    content = Group(*(line for part in parts for line in (part, Text())), _run(figures, run))
    title = "[bold]Hai Phong, 1 April to 27 May 2020[/]"
    console.print(Panel(content, title=title, subtitle="read from ClickHouse", padding=(1, 2)))


def _headline(figures: Figures) -> RenderableType:
    table = Table.grid(padding=(0, 3))
    table.add_column(justify="right", style="bold")
    table.add_column()
    table.add_row(f"{figures.declarations:,}", "declarations registered from 1 April to 6 May")
    table.add_row(f"{figures.rated:,}", f"of them rated by 6 May: {figures.response_rate_percent:.2f} %")
    opinions = "opinions by 27 May (all sheets of a declaration are one, as bad as the lowest score)"
    table.add_row(f"{figures.opinions:,}", opinions)
    table.add_row(f"{figures.satisfied_percent:.1f} %", "satisfied or better (4 or 5 of 5)")
    opened = f"complaints opened, {figures.complaints_expected:,} expected from the raw scores"
    table.add_row(f"{figures.complaints_opened:,}", opened)
    table.add_row(f"{figures.feedback:,}", "of them feedback: with a text, and somebody who says it")
    table.add_row(f"{figures.signals:,}", "of them signals: a low score that says nothing else")
    table.add_row(f"{figures.remarks:,}", "remarks: comments on sheets without a low score")
    return table


def _offices(figures: Figures, name: OfficeName) -> RenderableType:
    table = Table("office", "", box=None, header_style="dim")
    for heading in ("opinions", "satisfied", "dissatisfied"):
        table.add_column(heading, justify="right")
    for office in figures.offices:
        share = f"{100 * office.satisfied / office.opinions:.1f} %"
        table.add_row(office.office, Text(name(office.office)), f"{office.opinions:,}", share, str(office.dissatisfied))
    return table


def _alerts(figures: Figures, run: DemoRun, name: OfficeName) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_row("Planted", Text(f"dissatisfaction at {run.planted_office} {name(run.planted_office)}"))
    table.add_row("", f"from {_readable(run.planted_at)}")
    for alert in figures.alerts:
        table.add_row("Alert", Text(f"{alert.office} {name(alert.office)}", style="bold"))
        minutes = round((alert.raised_at - run.planted_at).total_seconds() / 60)
        after = f", {minutes // 60} h {minutes % 60:02d} min after its first dissatisfied sheet"
        table.add_row("", f"at {_readable(alert.raised_at)}{after if alert.office == run.planted_office else ''}")
        counts = f"{alert.dissatisfied} of {alert.opinions} opinions dissatisfied, from {alert.enterprises} enterprises"
        chance = f"{alert.expected:.1f} expected, probability {alert.tail_probability:.1e}"
        table.add_row("", f"{counts}; {chance} ({alert.detector.lower()} test)")
    if not figures.alerts:
        table.add_row("Alert", Text("none was raised", style="bold red"))
    return table


def _handling(figures: Figures) -> RenderableType:
    handling, table = figures.handling, Table.grid(padding=(0, 2))
    done = f"{handling.handled} taken up in {handling.actions:,} actions, {handling.answers} answers to enterprises"
    table.add_row("Complaints", done)
    limits = handling.in_time + handling.late
    table.add_row("", f"{handling.in_time:,} of {limits:,} limits of feedback met in time, {handling.late} late")
    house = handling.signals_in_time + handling.signals_late
    table.add_row(
        "", f"{handling.signals_in_time:,} of {house:,} house limits of signals, {handling.signals_late} late"
    )
    if handling.rated:
        table.add_row("", f"handling rated {handling.mean_score:.1f} of 5 by {handling.rated} enterprises")
    return table


def _run(figures: Figures, run: DemoRun) -> RenderableType:
    memory = "" if run.peak_rss_mib is None else f", peak memory of all processes {run.peak_rss_mib / 1024:.2f} GiB"
    rate = figures.events / run.elapsed_s
    speed = f"{figures.events:,} events in {run.elapsed_s:.0f} s ({rate:,.0f} a second){memory}"
    audit = f"Audit: {run.missing} missing, {run.doubled} doubled; {figures.dead_letters} bad records set aside"
    return Group(Text(audit, style="green" if not (run.missing or run.doubled) else "bold red"), Text(speed))


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _local(moment: datetime) -> str:
    """In Viet Nam's time, to the second; the driver returns UTC."""
    return _aware(moment).astimezone(HANOI).isoformat(timespec="seconds")


def _readable(moment: datetime) -> str:
    return f"{_aware(moment).astimezone(HANOI):%d %B %Y, %H:%M}"
