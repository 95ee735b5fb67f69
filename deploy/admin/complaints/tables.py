"""Cases, their clocks and their history as tables; times are in Vietnamese local time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.printable import printable_json
from schemas.records.cases import CaseAction, Clock, ComplaintCase, ComplaintEvent
from schemas.records.complaints import Priority, Track
from schemas.reference.deadlines import Deadline, load_deadlines
from schemas.reference.tables import Confidence
from schemas.reference.validity import DAY_MS, UTC_OFFSET_MS

SHORT = 8
"""Characters of an id in a table; commands accept prefixes of ids."""

_TRUST = {Confidence.CONFIRMED: "confirmed", Confidence.PROBABLE: "probable", Confidence.UNVERIFIED: "UNVERIFIED"}
_LOCAL = timedelta(milliseconds=UTC_OFFSET_MS)


def local(at: int | None) -> str:
    """A time in Vietnam, to the minute."""
    if at is None:
        return ""
    return f"{datetime.fromtimestamp(at / 1000, UTC) + _LOCAL:%Y-%m-%d %H:%M}"


def local_end(at: int | None) -> str:
    """The end of a limit in Vietnam, to the minute; midnight is shown as 24:00 of the day that ends then."""
    before = local(None if at is None else at - 60_000)
    return f"{before[:10]} 24:00" if local(at).endswith(" 00:00") else local(at)


def left(due_at: int | None, now: int) -> Text:
    """Time left until a limit ends, or since it ended."""
    if due_at is None:
        return Text("")
    days, over = divmod(abs(due_at - now), DAY_MS)
    hours = over // 3_600_000
    amount = f"{days:,} d" if days > 9 else f"{days} d {hours} h" if days else f"{hours} h {over // 60_000 % 60} min"
    if due_at < now:
        return Text(f"{amount} late", "bold red")
    return Text(f"in {amount}", "yellow" if due_at - now < 2 * DAY_MS else "")


def listing(cases: Sequence[ComplaintCase], now: int) -> Table:
    """One case per row, in the order given; fits 80 columns."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("case", "office", "state", "opened", "next limit", ""):
        table.add_column(name, no_wrap=True)
    for case in cases:
        state = Text(case.state)
        if case.track != Track.FEEDBACK:
            state.append(f" {case.track.lower()}", "dim")
        if case.priority == Priority.HIGH:
            state.append(" HIGH", "bold red")
        table.add_row(
            case.complaint_id[:SHORT],
            Text(case.office if case.unit == case.office else f"{case.office}>{case.unit}"),
            state,
            local(case.opened_at)[:10],
            local_end(case.next_due_at),
            left(case.next_due_at, now),
        )
    return table


def sheet(
    case: ComplaintCase, history: Iterable[ComplaintEvent], now: int, said: Iterable[RenderableType] = ()
) -> RenderableType:
    """One case: its data, what the enterprise said, its time limits, its history."""
    about = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in _about(case):
        if value:
            about.add_row(Text(name, "bold"), Text(value))
    opinion = [*said]
    parts = [*opinion, Text()] if opinion else []
    limits_part = (Text("Time limits", "bold"), _clocks(case.clocks, now), Text())
    return Group(about, Text(), *parts, *limits_part, *_history(history))


def _about(case: ComplaintCase) -> Iterable[tuple[str, str]]:
    yield "case", case.complaint_id
    yield "office", f"{case.office}; responsible unit {case.unit}" + (f", level {case.level}" if case.level else "")
    yield "state", f"{case.state} since {local(case.changed_at)}, {case.track}"
    yield "priority", f"{case.priority} {', '.join(case.priority_reasons)}".strip()
    yield "sheet", "protected" if case.sheet_id is None else f"{case.sheet_id} on declaration {case.declaration_no}"
    yield "enterprise", case.tax_code or ""
    yield "lowest score", str(case.lowest_score)
    yield "may not act", ", ".join(case.excluded_officials)
    yield "finding", case.finding or ""
    yield "handling rated", "" if case.handling_score is None else f"{case.handling_score} of 5"
    yield "merged into", case.merged_into or ""
    yield "merged with", ", ".join(case.absorbed)
    yield "legal hold", "yes" if case.legal_hold else ""


def _clocks(clocks: Sequence[Clock], now: int) -> RenderableType:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    sources: dict[str, Text] = {}
    for clock in clocks:
        limit = load_deadlines().get(clock.rule, clock.started_at)
        table.add_row(clock.rule, amount(limit), f"to {local_end(clock.due_at)}", _standing(clock, now))
        sources[f"{clock.rule} {limit.validity}"] = Text(
            f"{clock.rule}, {_TRUST[limit.confidence]}: {limit.source}", "dim"
        )
    return Group(table, *sources.values())


def _standing(clock: Clock, now: int) -> Text:
    if clock.met_at is not None:
        late = clock.due_at is not None and clock.met_at > clock.due_at
        return Text(f"met {local(clock.met_at)}{', late' if late else ''}", "red" if late else "green")
    if clock.ended_at is not None:
        late = clock.due_at is not None and clock.ended_at > clock.due_at
        return Text("missed, then no longer applied", "red") if late else Text("no longer applies", "dim")
    return Text("stopped") if clock.paused_at is not None else left(clock.due_at, now)


def _history(history: Iterable[ComplaintEvent]) -> Iterable[RenderableType]:
    yield Text("History", "bold")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for event in history:
        what = f"{event.kind} {event.action or event.rule or ''}".strip()
        waits = event.action == CaseAction.ASK and event.due_at is not None
        note = event.refusal or (f"{event.state} until {local_end(event.due_at)}" if waits else event.state)
        whose = " ".join(filter(None, (event.unit, event.actor)))
        # As Text: a table would take brackets in ids for its markup.
        table.add_row(local(event.occurred_at), Text(what), Text(note), Text(whose))
    yield table


def amount(limit: Deadline) -> str:
    """A limit as amount and unit."""
    unit = limit.unit.lower().replace("_", " ")
    return f"{limit.amount} {unit}{'' if limit.amount == 1 else 's'}"


def limits(now: int) -> RenderableType:
    """Every legal limit in force now, with its source."""
    parts: list[RenderableType] = []
    for rule in load_deadlines().ids():
        limit = load_deadlines().get(rule, now)
        parts.append(Text.assemble((limit.id, "bold"), f"  {amount(limit)} from {limit.starts}"))
        parts.append(Text(f"  {limit.name_vi}"))
        parts.append(Text(f"  {_TRUST[limit.confidence]}: {limit.source}", "dim"))
    return Group(*parts)


def as_json(case: ComplaintCase) -> str:
    """A case as one line of JSON."""
    return json.dumps(asdict(case), ensure_ascii=False)


def sheet_as_json(case: ComplaintCase, history: Iterable[ComplaintEvent], said: Mapping[str, Any]) -> str:
    """One case with what the enterprise said and its history, as one line of JSON."""
    found = {**asdict(case), **said, "history": [asdict(event) for event in history]}
    return printable_json(json.dumps(found, ensure_ascii=False))
