"""An audit for people: tables and a verdict."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.topics import STORED
from sinks.audit.report import AuditReport

_LONGEST = max(len(topic.subject) for topic in STORED)


def render(report: AuditReport) -> RenderableType:
    """Two tables, one more if groups are behind, and a verdict."""
    topics = _table("Kafka against ClickHouse", "records", "stored", "duplicates", "dead letters", first="topic")
    for one in report.topics:
        good = (one.records, one.stored, one.duplicates, one.dead_lettered)
        topics.add_row(one.topic, *_cells(good, one.missing, one.doubled))
    services = _table("Rating items against facts", "accepted", "matched", "unmatched", "superseded", "waiting")
    sums = report.services
    states = (sums.accepted, sums.matched, sums.unmatched, sums.superseded, sums.waiting)
    services.add_row(*_cells(states, sums.missing, sums.doubled))
    behind = (_behind_table(report),) if report.working else ()
    return Group(topics, services, *behind, *_verdict(report))


def _verdict(report: AuditReport) -> Iterable[Text]:
    if report.working:
        left = sum(one.records for one in report.behind)
        yield Text(
            f"Still working: {left:,} records are not read yet, and more may come of them. What is missing above may "
            "be on its way.",
            style="bold yellow",
        )
    elif report.clean:
        yield Text("Nothing is missing, nothing is doubled.", style="bold green")
    else:
        yield Text(f"{report.missing:,} missing, {report.doubled:,} doubled.", style="bold red")
    if aged := sum(topic.aged for topic in report.topics):
        yield Text(f"{aged:,} of the stored are older than what ClickHouse keeps: their rows were dropped.")
    if report.services.gone:
        yield Text(
            f"{report.services.gone:,} of the unmatched are older than what Kafka keeps of the statuses: their "
            "declarations are gone."
        )
    if report.services.waiting_sheets:
        yield Text(
            f"{report.services.waiting_sheets:,} sheets wait for their declaration; each is published as unmatched "
            "when its grace period is over."
        )


def _behind_table(report: AuditReport) -> Table:
    names = ("process", "consumer group", "topic")
    table = Table(*names, title="Not read yet", title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("records", justify="right")
    for one in report.behind:
        table.add_row(f"{one.process} ({one.reader})", one.group, one.topic, f"{one.records:,}")
    return table


def _table(title: str, *numbers: str, first: str | None = None) -> Table:
    """An empty table with a first column of names, if wanted, and columns of numbers, faults last."""
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    if first is not None:
        table.add_column(first, no_wrap=True, min_width=_LONGEST)  # whole names, where there is no terminal too
    for column in (*numbers, "missing", "doubled"):
        table.add_column(column, justify="right")
    return table


def _cells(good: Iterable[int], *faults: int) -> list[Text]:
    marked = [Text(f"{value:,}", style="bold red" if value else "green") for value in faults]
    return [*(Text(f"{value:,}") for value in good), *marked]
