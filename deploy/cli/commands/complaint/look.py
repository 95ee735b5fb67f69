"""`hailong complaint list` and `limits`: what there is, without changing anything."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.cli.commands.complaint.sending import read_all_cases
from deploy.cli.context import console, kafka_cluster
from deploy.cli.options import Dir, Json
from producers.clock import wall_clock
from schemas.records.complaints import CaseTrack

ROWS = 50


def list_cases(
    *,
    directory: Dir = None,
    office: Annotated[str | None, typer.Option(help="Only cases opened at this office.", show_default=False)] = None,
    unit: Annotated[str | None, typer.Option(help="Only cases of this responsible unit.", show_default=False)] = None,
    track: Annotated[CaseTrack | None, typer.Option(help="Only this track.", show_default=False)] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only cases past a time limit.")] = False,
    ended: Annotated[bool, typer.Option("--all", help="Also cases that are answered or ended.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = ROWS,
    as_json: Json = False,
) -> None:
    """List open cases, the most urgent first.

    Example: hailong complaint list --unit 03CC --overdue
    """
    from deploy.admin.complaints import tables
    from deploy.admin.complaints.cases import ENDED

    now = wall_clock()
    # Remarks have an inbox of their own: there are many, and none has a limit.
    shown = frozenset(CaseTrack) - {CaseTrack.REMARK} if track is None else {track}
    found = [
        case
        for case in read_all_cases(kafka_cluster(directory))
        if (ended or case.state not in ENDED)
        and office in (None, case.office)
        and unit in (None, case.unit)
        and case.track in shown
        and (not overdue or (case.next_due_at is not None and case.next_due_at < now))
    ]
    if as_json:
        for case in found[:limit]:
            typer.echo(tables.as_json(case))
        return
    screen = console()
    if not found:
        screen.print("No case matches." if ended else "No open case matches; --all also shows those that ended.")
        return
    screen.print(tables.listing(found[:limit], now))
    signals = sum(case.track == CaseTrack.SIGNAL for case in found)
    if signals and track is None:
        screen.print(f"\n{signals:,} of {len(found):,} are signals, low scores that say nothing else.")
    if len(found) > limit:
        screen.print(f"\n{len(found) - limit:,} more: use --limit {len(found)}, or --json for all fields.")


def list_remarks(
    *,
    directory: Dir = None,
    office: Annotated[str | None, typer.Option(help="Only remarks about this office.", show_default=False)] = None,
    unit: Annotated[str | None, typer.Option(help="Only those of this responsible unit.", show_default=False)] = None,
    ended: Annotated[bool, typer.Option("--all", help="Also remarks that are answered or filed.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = ROWS,
    as_json: Json = False,
) -> None:
    """List the remarks that nobody has read, those that allege something first. They are no complaints.

    Example: hailong complaint remarks --office 03CC
    """
    track = CaseTrack.REMARK
    list_cases(
        directory=directory, office=office, unit=unit, track=track,
        overdue=False, ended=ended, limit=limit, as_json=as_json,
    )  # fmt: skip


def limits() -> None:
    """Print the time limits in force today, with their sources and how certain each is."""
    from deploy.admin.complaints import tables

    console().print(tables.limits(wall_clock()))
