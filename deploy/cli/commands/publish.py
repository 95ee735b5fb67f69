"""`hailong publish`: bring events in from files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.context import progress_bar
from deploy.cli.error_report import FAILED, INTERRUPTED
from deploy.cli.options import Dir, variables_for
from deploy.cli.waiting import DEFAULT_TIMEOUT_S, Timeout, needs_of_waiting, wait_and_audit
from producers.files.report import FileKind

MOST_SHOWN = 10
"""Codes of unknown offices that are named at the end of an import."""


def publish(
    files: Annotated[
        list[Path],
        typer.Argument(help="JSON Lines, CSV or Avro files; each may be compressed with gzip.", metavar="FILE..."),
    ],
    *,
    directory: Dir = None,
    kind: Annotated[
        FileKind, typer.Option(help="Kind of the events; auto: detect it from the field names.")
    ] = FileKind.AUTO,
    rejects: Annotated[
        Path | None, typer.Option(help="Write the rejections to this CSV file. Without it: print them.", dir_okay=False)
    ] = None,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait", help="Then wait until all results are in ClickHouse, and audit, as `hailong audit --wait` does."
        ),
    ] = False,
    timeout: Timeout = DEFAULT_TIMEOUT_S,
) -> None:
    """Publish events from files to Kafka: declaration statuses, ratings, and actions on complaints.

    An event that breaks a rule is rejected and not sent; the report names file, line, field and rule. The exit status
    is 1 if any event was rejected. Publishing a file twice changes nothing. All fields: docs/publishing.md.

    With --wait the exit status is also that of `hailong audit --wait`. Whole histories: docs/import-history.md.

    Example: hailong publish statuses.csv ratings.jsonl.gz --rejects rejects.csv
    """
    from deploy.processes import files as process
    from deploy.stop_signal import stop_on_signals

    variables = variables_for(directory, (*process.NEEDS, *(needs_of_waiting() if wait else ())))
    with stop_on_signals() as stop, progress_bar("Reading", "Publishing") as show:
        report = process.run(
            files,
            kind,
            variables,
            lambda now: show(now.bytes_read, now.bytes_total),
            rejects,
            lambda rejection: typer.echo(str(rejection), err=True),
            stop,
        )
    typer.echo(f"{report.sent:,} of {report.read:,} events are in Kafka; {report.rejected:,} were rejected.")
    if report.doubtful_tax_codes:
        typer.echo(f"{report.doubtful_tax_codes:,} of those in Kafka have a tax code with a wrong check digit.")
    if report.unknown_offices:
        typer.echo(_unknown_offices(report.unknown_offices))
    if report.stopped:
        typer.echo("Stopped before the end: publish the same files again to complete them.", err=True)
        raise typer.Exit(INTERRUPTED)
    waited = wait_and_audit(variables, timeout) if wait else 0
    raise typer.Exit(waited or (0 if report.clean else FAILED))


def _unknown_offices(events: Mapping[str, int]) -> str:
    """What to say about events whose office is not in the reference data."""
    most = sorted(events, key=lambda code: (-events[code], code))
    shown = ", ".join(f"{code} ({events[code]:,})" for code in most[:MOST_SHOWN])
    more = f", and {len(most) - MOST_SHOWN:,} more codes" if len(most) > MOST_SHOWN else ""
    return (
        "The reference data does not have these offices at the time of their events: "
        f"{shown}{more}. Their events are in Kafka and count under the code, without a name. "
        "If a code is right, add it: docs/reference-data.md."
    )
