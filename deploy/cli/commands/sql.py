"""`hailong sql`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.cli.options import Dir, variables_for

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from collections.abc import Iterable, Iterator, Sequence

TABLE_ROWS = 1000
"""A table on a screen shows no more rows than this; csv and json give all."""


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def sql(
    query: Annotated[str, typer.Argument(help="One statement; - reads it from standard input.")],
    *,
    directory: Dir = None,
    form: Annotated[Format, typer.Option("--format", help="json: one object a line.")] = Format.TABLE,
) -> None:
    """Ask the running ClickHouse.

    The views v_... are made for questions; docs/data-dictionary.md explains them.

    Example: hailong sql "SELECT * FROM v_opinions_by_office"

    Example: hailong sql --format csv "SELECT * FROM v_complaints" > complaints.csv
    """
    from clickhouse_driver.errors import ServerException  # noqa: PLC0415 imported here so that --help is quick

    from deploy.settings import ClickHouseSettings, load  # noqa: PLC0415 as above
    from schemas.errors import SystemFault  # noqa: PLC0415 as above
    from sinks.clickhouse.client import session  # noqa: PLC0415 as above
    from sinks.clickhouse.errors import server_message  # noqa: PLC0415 as above

    text = typer.get_text_stream("stdin").read() if query == "-" else query
    connection = load(ClickHouseSettings, variables_for(directory, [ClickHouseSettings])).connection()
    with session(connection, timeout_s=300) as client:
        try:
            rows = client.execute_iter(text, with_column_types=True)
            columns = [name for name, _kind in next(rows, [])] if rows is not None else []
            _print(columns, rows, form)
        except ServerException as error:
            # The statement is the user's: the remedies for our own statements would mislead.
            raise SystemFault(f"ClickHouse says (code {error.code}): {server_message(error)}") from error


def _print(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: Format) -> None:
    match form:
        case Format.TABLE:
            _print_table(columns, rows)
        case Format.JSON:
            import json  # noqa: PLC0415 as above

            for row in rows:
                named = dict(zip(columns, row, strict=True))
                typer.echo(json.dumps(named, ensure_ascii=False, default=str))
        case Format.CSV:
            _print_csv(columns, rows)


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from rich.console import Console  # noqa: PLC0415 as above
    from rich.table import Table  # noqa: PLC0415 as above
    from rich.text import Text  # noqa: PLC0415 as above

    if not columns:
        return
    table = Table(header_style="bold")
    for name in columns:
        table.add_column(Text(name))
    for number, row in enumerate(rows):
        if number == TABLE_ROWS:
            typer.echo(f"Only the first {TABLE_ROWS} rows are shown; --format csv or json gives all.", err=True)
            break
        # Text, not markup: a value in brackets is a value.
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    Console().print(table)


def _print_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    import csv  # noqa: PLC0415 as above
    import sys  # noqa: PLC0415 as above

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(_safe(rows))


def _safe(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    for row in rows:
        yield ["" if value is None else value for value in row]
