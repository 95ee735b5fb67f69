"""`hailong sql`."""

from __future__ import annotations

import csv
import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.cli.options import Dir, variables_for

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from collections.abc import Iterable, Sequence

TABLE_ROWS = 1000
"""Most rows in a table on the terminal; csv and json print all."""


class OutputFormat(StrEnum):
    """How rows are printed; JSON is one object per line."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def sql(
    query: Annotated[str, typer.Argument(help="One SQL statement; - reads it from standard input.")],
    *,
    directory: Dir = None,
    output: Annotated[
        OutputFormat, typer.Option("--format", help="How to print the rows; json: one object per line.")
    ] = OutputFormat.TABLE,
) -> None:
    """Run an SQL query in ClickHouse and print the rows.

    Query the views whose names begin with v_; docs/data-dictionary.md explains them.

    Example: hailong sql "SELECT * FROM v_opinions_by_office"

    Example: hailong sql --format csv "SELECT * FROM v_complaints" > complaints.csv
    """
    from clickhouse_driver.errors import ServerException

    from deploy.settings.clickhouse import ClickHouseSettings
    from deploy.settings.load import load
    from schemas.errors import SystemFault
    from sinks.clickhouse.client import session
    from sinks.clickhouse.errors import server_message

    text = typer.get_text_stream("stdin").read() if query == "-" else query
    connection = load(ClickHouseSettings, variables_for(directory, [ClickHouseSettings])).connection()
    with session(connection, timeout_s=300) as client:
        try:
            rows = client.execute_iter(text, with_column_types=True)
            columns = [name for name, _kind in next(rows, [])] if rows is not None else []
            _print(columns, rows, output)
        except ServerException as error:
            # The statement is the user's: the remedies for our own statements would mislead.
            raise SystemFault(
                f"ClickHouse refused the statement (code {error.code}): {server_message(error)}"
            ) from error


def _print(columns: Sequence[str], rows: Iterable[Sequence[Any]], output: OutputFormat) -> None:
    match output:
        case OutputFormat.TABLE:
            _print_table(columns, rows)
        case OutputFormat.JSON:
            for row in rows:
                named = dict(zip(columns, row, strict=True))
                typer.echo(json.dumps(named, ensure_ascii=False, default=str))
        case OutputFormat.CSV:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)  # None becomes an empty cell


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not columns:
        return
    table = Table(header_style="bold")
    for name in columns:
        table.add_column(Text(name))
    for number, row in enumerate(rows):
        if number == TABLE_ROWS:
            typer.echo(f"Only the first {TABLE_ROWS} rows are shown; use --format csv or json for all.", err=True)
            break
        # As Text: a table would take a value in brackets for its markup.
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    Console().print(table)
