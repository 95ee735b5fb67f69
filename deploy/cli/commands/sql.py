"""`hailong sql`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.cli.options import Dir, variables_for

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from collections.abc import Iterable, Sequence

    from deploy.admin.ad_hoc_queries import AdHocResult

SHOWN_ROWS = 1000
"""Most rows of a table on a terminal."""
_CLOSED_PIPE = 141  # what a shell reports of a program that SIGPIPE ends
_LINES_AT_A_TIME = 1000


class OutputFormat(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def sql(
    statement: Annotated[
        str | None,
        typer.Argument(
            help="One SQL statement. - reads it from standard input, and so does nothing at all in a pipe.",
            show_default=False,
        ),
    ] = None,
    *,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="Read the statement from this file.", show_default=False, dir_okay=False),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            metavar="NAME=VALUE",
            help=r"Value of {NAME:Type} in the statement; \N is NULL. Can be given several times.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        OutputFormat,
        typer.Option("--format", help="How to print the rows; json: one object per line, csv: with a header."),
    ] = OutputFormat.TABLE,
    write: Annotated[bool, typer.Option("--write", help="Let the statement change and drop data and tables.")] = False,
    directory: Dir = None,
) -> None:
    """Run an SQL statement in ClickHouse and print the rows. It only reads, unless `--write` is given.

    Query the views whose names begin with v_; docs/data-dictionary.md explains them. On a terminal a table fits its
    width and ends after 1,000 rows; into a file or a pipe, and as csv or json, all rows are printed whole.

    Ctrl-C cancels the statement at the server. Exit status: 0 done; 1 refused, or the server does not answer; 2 wrong
    usage or settings; 130 Ctrl-C; 141 the reader of the pipe has gone.

    Example: hailong sql "SELECT * FROM v_opinions_by_office"

    Example: hailong sql --format csv "SELECT * FROM v_complaints" > complaints.csv

    Example: hailong sql --file month.sql --param month=2026-11-01
    """
    from deploy.admin.ad_hoc_queries import AdHocQuery, run
    from deploy.cli.query_input import parameters_from, statement_from
    from deploy.settings.clickhouse import ClickHouseSettings
    from deploy.settings.load import load

    query = AdHocQuery(statement_from(statement, file), parameters_from(parameters or ()), write)
    connection = load(ClickHouseSettings, variables_for(directory, [ClickHouseSettings])).connection()
    try:
        with run(connection, query) as result:
            _print(result, output)
    except KeyboardInterrupt:
        typer.echo("Interrupted: the statement was cancelled at the server.", err=True)
        raise


def _print(result: AdHocResult, output: OutputFormat) -> None:
    """Print the rows; a statement that has no columns prints nothing."""
    from deploy.cli.results.lines import csv_lines, json_lines
    from deploy.cli.results.plain import converters

    names, kinds = [name for name, _kind in result.columns], [kind for _name, kind in result.columns]
    if not names:
        return
    convert = converters(kinds, result.zone)
    rows = ([make_plain(value) for make_plain, value in zip(convert, row, strict=True)] for row in result.rows)
    match output:
        case OutputFormat.JSON:
            _write(json_lines(names, rows))
        case OutputFormat.CSV:
            _write(csv_lines(names, rows))
        case OutputFormat.TABLE:
            _print_table(result.columns, rows)


def _print_table(columns: Sequence[tuple[str, str]], rows: Iterator[Sequence[Any]]) -> None:
    from shutil import get_terminal_size

    from deploy.cli.results.tables import table_lines

    if not sys.stdout.isatty():
        _write(table_lines(columns, rows, width=None))
        return
    _write(table_lines(columns, islice(rows, SHOWN_ROWS), get_terminal_size().columns))
    if next(rows, None) is not None:
        typer.echo(
            f"The first {SHOWN_ROWS:,} rows; there are more. Add LIMIT and ORDER BY to choose them, or print all with "
            "--format csv or json.",
            err=True,
        )


def _write(lines: Iterable[str]) -> None:
    """Write lines to standard output in UTF-8, many at a time.

    Raises:
        SystemFault: Standard output does not take them, because the disk is full, say.
        typer.Exit: Its reader has gone.
    """
    from schemas.errors import SystemFault

    left = iter(lines)
    while some := "".join(islice(left, _LINES_AT_A_TIME)):
        try:
            sys.stdout.buffer.write(some.encode())
            sys.stdout.flush()
        except BrokenPipeError as error:
            # Whatever is still buffered cannot be written at the end either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(_CLOSED_PIPE) from error
        except OSError as error:
            raise SystemFault(f"The rows cannot be written: {error.strerror}.") from error
