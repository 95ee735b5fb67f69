"""An audit for people: tables and a verdict."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sinks.audit.report import AuditReport


def render(report: AuditReport) -> RenderableType:
    """Two tables and a verdict."""
    verdict = (
        Text("Nothing is missing, nothing is doubled.", style="bold green")
        if report.clean
        else Text(f"{report.missing:,} missing, {report.doubled:,} doubled.", style="bold red")
    )
    return Group(_topics(report), _services(report), verdict)


def _topics(report: AuditReport) -> Table:
    columns = ("records", "stored", "duplicates", "dead letters", "missing", "doubled")
    table = Table("topic", title="Kafka against ClickHouse", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right")
    for one in report.topics:
        good = (one.records, one.stored, one.duplicates, one.dead_lettered)
        table.add_row(one.topic, *map(_number, good), _fault(one.missing), _fault(one.doubled))
    return table


def _services(report: AuditReport) -> Table:
    columns = ("accepted", "matched", "unmatched", "superseded", "missing", "doubled")
    table = Table(title="Rating items against facts", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right")
    one = report.services
    good = (one.accepted, one.matched, one.unmatched, one.superseded)
    table.add_row(*map(_number, good), _fault(one.missing), _fault(one.doubled))
    return table


def _number(value: int) -> Text:
    return Text(f"{value:,}")


def _fault(value: int) -> Text:
    return Text(f"{value:,}", style="bold red" if value else "green")
