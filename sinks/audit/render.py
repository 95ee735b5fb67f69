"""An audit for people: tables and a verdict."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sinks.audit.report import AuditReport


def render(report: AuditReport) -> RenderableType:
    """Two tables and a verdict."""
    topics = _table("Kafka against ClickHouse", "records", "stored", "duplicates", "dead letters", first="topic")
    for one in report.topics:
        good = (one.records, one.stored, one.duplicates, one.dead_lettered)
        topics.add_row(one.topic, *_cells(good, one.missing, one.doubled))
    services = _table("Rating items against facts", "accepted", "matched", "unmatched", "superseded")
    sums = report.services
    good = (sums.accepted, sums.matched, sums.unmatched, sums.superseded)
    services.add_row(*_cells(good, sums.missing, sums.doubled))
    verdict = (
        Text("Nothing is missing, nothing is doubled.", style="bold green")
        if report.clean
        else Text(f"{report.missing:,} missing, {report.doubled:,} doubled.", style="bold red")
    )
    return Group(topics, services, verdict)


def _table(title: str, *numbers: str, first: str | None = None) -> Table:
    """An empty table with a first column of names, if wanted, and columns of numbers, faults last."""
    names = () if first is None else (first,)
    table = Table(*names, title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in (*numbers, "missing", "doubled"):
        table.add_column(column, justify="right")
    return table


def _cells(good: Iterable[int], *faults: int) -> list[Text]:
    marked = [Text(f"{value:,}", style="bold red" if value else "green") for value in faults]
    return [*(Text(f"{value:,}") for value in good), *marked]
