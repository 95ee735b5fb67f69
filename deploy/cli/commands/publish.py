"""`hailong publish`: bring events in from files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.error_report import FAILED, INTERRUPTED
from deploy.cli.options import Dir, variables_for
from deploy.cli.waiting import DEFAULT_TIMEOUT_S, Timeout, needs_of_waiting, wait_and_audit
from producers.files.report import STANDARD_INPUT, FileFormat, FileKind

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from producers.files.rejection_kinds import RejectionKinds

_KINDS_SHOWN = 10


def publish(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="JSON Lines, CSV or Avro files, or pipes; each may be compressed with gzip. - is standard input.",
            metavar="FILE...",
        ),
    ],
    *,
    directory: Dir = None,
    kind: Annotated[
        FileKind, typer.Option(help="Kind of the events; auto: detect it from the field names.")
    ] = FileKind.AUTO,
    file_format: Annotated[
        FileFormat,
        typer.Option("--format", help="Format of the files; auto: detect it from the first bytes and the name."),
    ] = FileFormat.AUTO,
    ignore_unknown: Annotated[
        bool,
        typer.Option("--ignore-unknown", help="Pass over columns and fields that no event has; else refuse them."),
    ] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(
            help="Write all rejections to this CSV file. Without it: print the first of each kind.", dir_okay=False
        ),
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

    Example: zstd -dc statuses.csv.zst | hailong publish - --ignore-unknown
    """
    from deploy.cli.import_summary import conclusion, notes
    from deploy.cli.progress import progress
    from deploy.processes import files as process
    from deploy.stop_signal import stop_on_signals
    from producers.files.rejection_kinds import RejectionKinds

    variables = variables_for(directory, (*process.NEEDS, *(needs_of_waiting() if wait else ())))
    kinds = RejectionKinds()
    if STANDARD_INPUT in files and sys.stdin is not None and sys.stdin.isatty():
        typer.echo("Reading events from this terminal; end with Ctrl-D.", err=True)
    with stop_on_signals() as stop, progress("Reading", "Publishing", "events") as show:
        report = process.run(
            process.Import(files, kind, file_format, ignore_unknown, rejects),
            variables,
            lambda now: show(now.bytes_read, now.bytes_total, now.events),
            lambda rejection: typer.echo(str(rejection), err=True) if kinds.take(rejection) and not rejects else None,
            stop,
        )
    _tell_kinds(kinds, rejects)
    for note in notes(report):
        typer.echo(note, err=True)
    typer.echo(conclusion(report, rejects))
    if report.stopped:
        raise typer.Exit(INTERRUPTED)
    waited = wait_and_audit(variables, timeout) if wait else 0
    raise typer.Exit(waited or (0 if report.clean else FAILED))


def _tell_kinds(kinds: RejectionKinds, rejects: Path | None) -> None:
    """What was rejected, by kind, as far as it was not printed one by one."""
    if rejects is None:
        lines = list(kinds.hidden())
        if lines:
            lines.append("--rejects FILE writes each of them to a file.")
    else:
        lines = [str(kind) for kind in kinds.by_frequency()[:_KINDS_SHOWN]]
    for line in lines:
        typer.echo(line, err=True)
