"""Cases, their clocks and their history as tables; times are those of Viet Nam."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.records import Clock, ComplaintCase, ComplaintEvent, Priority
from schemas.reference import load_deadlines
from schemas.reference.deadlines import Deadline
from schemas.reference.tables import Confidence

SHORT = 8
"""Characters of an id in a table; commands take beginnings of ids."""

_LOCAL = timedelta(hours=7)
_DAY_MS = 86_400_000


def local(at: int | None) -> str:
    """A time as people here write it, to the minute."""
    if at is None:
        return ""
    return f"{datetime.fromtimestamp(at / 1000, UTC) + _LOCAL:%Y-%m-%d %H:%M}"


def left(due_at: int | None, now: int) -> Text:
    """How long until a limit ends."""
    if due_at is None:
        return Text("")
    days, over = divmod(abs(due_at - now), _DAY_MS)
    amount = f"{days} d {over // 3_600_000} h" if days else f"{over // 3_600_000} h {over // 60_000 % 60} min"
    if due_at < now:
        return Text(f"{amount} late", "bold red")
    return Text(f"in {amount}", "yellow" if due_at - now < 2 * _DAY_MS else "")


def listing(cases: Sequence[ComplaintCase], now: int) -> Table:
    """One case a row, in the order given."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("case", "office", "answers for it", "state", "track", "priority", "opened", "next limit", ""):
        table.add_column(name, no_wrap=True)
    for case in cases:
        urgent = Text("HIGH", "bold") if case.priority == Priority.HIGH else Text("")
        table.add_row(
            case.complaint_id[:SHORT],
            case.office,
            case.unit,
            case.state,
            case.track,
            urgent,
            local(case.opened_at),
            local(case.next_due_at),
            left(case.next_due_at, now),
        )
    return table


def sheet(case: ComplaintCase, history: Iterable[ComplaintEvent], now: int) -> RenderableType:
    """One case: what it is, its limits, what happened."""
    about = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in _about(case):
        if value:
            about.add_row(Text(name, "bold"), value)
    return Group(about, Text(), Text("Limits", "bold"), _clocks(case.clocks, now), Text(), *_history(history))


def _about(case: ComplaintCase) -> Iterable[tuple[str, str]]:
    yield "case", case.complaint_id
    yield "office", f"{case.office}; {case.unit} answers for it" + (f", level {case.level}" if case.level else "")
    yield "state", f"{case.state} since {local(case.changed_at)}, {case.track}"
    yield "priority", f"{case.priority} {', '.join(case.priority_reasons)}".strip()
    yield "sheet", "protected" if case.sheet_id is None else f"{case.sheet_id} on declaration {case.declaration_no}"
    yield "enterprise", case.tax_code or ""
    yield "lowest score", str(case.lowest_score)
    yield "may not act", ", ".join(case.excluded_officials)
    yield "finding", case.finding or ""
    yield "handling rated", "" if case.handling_score is None else f"{case.handling_score} of 5"
    yield "merged into", case.merged_into or ""
    yield "took over", ", ".join(case.absorbed)
    yield "legal hold", "yes" if case.legal_hold else ""


def _clocks(clocks: Sequence[Clock], now: int) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("limit", "", "began", "ends", "", "confidence, source"):
        table.add_column(name, overflow="fold")
    for clock in clocks:
        limit = load_deadlines().get(clock.rule, clock.started_at)
        doubt = Text(f"{limit.confidence}: {limit.source}", "dim")
        table.add_row(
            limit.name_en, amount(limit), local(clock.started_at), local(clock.due_at), _standing(clock, now), doubt
        )
    return table


def _standing(clock: Clock, now: int) -> Text:
    if clock.met_at is not None:
        late = clock.due_at is not None and clock.met_at > clock.due_at
        return Text(f"met {local(clock.met_at)}{', late' if late else ''}", "red" if late else "green")
    if clock.ended_at is not None:
        return Text("no longer counts", "dim")
    return Text("stands still") if clock.paused_at is not None else left(clock.due_at, now)


def _history(history: Iterable[ComplaintEvent]) -> Iterable[RenderableType]:
    yield Text("What happened", "bold")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for event in history:
        what = event.action or event.rule or ""
        note = event.refusal or (f"ends {local(event.due_at)}" if event.due_at is not None else event.state)
        table.add_row(local(event.occurred_at), event.kind, what, note, event.actor or "", event.unit)
    yield table


def amount(limit: Deadline) -> str:
    """A limit in words."""
    unit = limit.unit.lower().replace("_", " ")
    return f"{limit.amount} {unit}{'' if limit.amount == 1 else 's'}"


def limits(now: int) -> Table:
    """Every legal limit that holds now."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("limit", "track", "", "Vietnamese", "confidence", "source"):
        table.add_column(name, overflow="fold")
    words = {Confidence.CONFIRMED: "confirmed", Confidence.PROBABLE: "probable", Confidence.UNVERIFIED: "UNVERIFIED"}
    for rule in load_deadlines().ids():
        limit = load_deadlines().get(rule, now)
        table.add_row(
            limit.id, limit.track, amount(limit), limit.name_vi, words[limit.confidence], Text(limit.source, "dim")
        )
    return table


def as_json(case: ComplaintCase) -> str:
    """A case on one line, for machines."""
    return json.dumps(asdict(case), ensure_ascii=False)
