"""`hailong reference`: offices and the rest of what is known before the first event, and a site's own file of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.error_report import FAILED
from deploy.cli.options import Dir, Json, variables_for

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from collections.abc import Iterator, Mapping, Sequence

    from schemas.reference.offices import Office, OfficeDirectory, Team
    from schemas.reference.site.reference import ReferenceData

app = typer.Typer(
    help="Offices, teams, outages, working time, words: what the package knows, with your own file laid over it.\n\n"
    "How to write the file, and what changes when it changes: docs/reference-data.md.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="The file to check. Without it: that of HAILONG_REFERENCE_FILE.", show_default=False),
    ] = None,
    *,
    directory: Dir = None,
) -> None:
    """Check your file of reference data, and say what it adds and corrects. Nothing is changed.

    All problems are listed, each with its line, and the exit status is 2. Run it before you restart anything, and
    before you install a new version: the package may have learned of an office that your file adds.

    Example: hailong reference check site.toml
    """
    from deploy.settings.reference import ReferenceSettings
    from schemas.reference.site.reference import site_reference

    data = _data(directory) if file is None else site_reference(file)
    for change in data.changes:
        typer.echo(change)
    for warning in data.warnings:
        typer.echo(f"warning: {warning}")
    if not data.changes:
        where = f"{ReferenceSettings.variable('file')} is not set, or its file" if file is None else file
        typer.echo(f"{where} changes nothing: the data of the package is used.")
    typer.echo(f"Digest of the reference data: {data.digest}. All processes of a deployment must have the same.")


@app.command("list")
def list_(
    codes: Annotated[
        list[str] | None,
        typer.Argument(help="Codes of units. Without them: all units.", metavar="[CODE]...", show_default=False),
    ] = None,
    *,
    at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only what exists on this day.", show_default=False),
    ] = None,
    own: Annotated[bool, typer.Option("--own", help="Only what your own file adds or corrects.")] = False,
    as_json: Json = False,
    directory: Dir = None,
) -> None:
    """List offices, departments and regions with their teams: one line for each version, with its dates and origin.

    Example: hailong reference list 03EE 03CC

    Example: hailong reference list --own
    """
    rows = [
        row
        for row in _rows(_data(directory).offices)
        if (not codes or row["code"] in codes)
        and (at is None or (row["from"] <= str(at.date()) and (not row["before"] or str(at.date()) < row["before"])))
        and (not own or row["origin"] != "PACKAGE")
    ]
    if as_json or rows:
        _show(rows, as_json=as_json)
    else:
        typer.echo(
            "No unit fits. Codes that are not listed may still be published: docs/reference-data.md says what follows."
        )


@app.command()
def allegations(
    *,
    own: Annotated[bool, typer.Option("--own", help="Only what your own file adds or changes.")] = False,
    as_json: Json = False,
    directory: Dir = None,
) -> None:
    """List the phrases that are looked for in comments, and what each may allege: a reason to read, no finding.

    Example: hailong reference allegations --own
    """
    from schemas.reference.allegations import load_allegations

    package = set(load_allegations())
    rows = [
        {
            "phrase": one.phrase,
            "kind": str(one.kind),
            "marks": "needed" if one.exact else "or none",
            "meaning": one.name_en,
            "origin": "PACKAGE" if one in package else "SITE",
            "trust": str(one.confidence),
        }
        for one in _data(directory).allegations
        if not own or one not in package
    ]
    if as_json or rows:
        _show(rows, as_json=as_json)
    else:
        typer.echo("Your own file adds and changes no phrase.")


@app.command()
def compare(*, directory: Dir = None) -> None:
    """Compare the reference data of this process with ClickHouse's, and with what the facts were made with.

    The exit status is 1 if they differ. A worker says its digest in its log (`reference_data`), in /health, and in the
    metric `hailong_reference_info`.

    Example: HAILONG_ENV_FILE=/etc/hailong/hailong.env hailong reference compare
    """
    from deploy.settings.clickhouse import ClickHouseSettings
    from deploy.settings.load import load
    from deploy.settings.reference import ReferenceSettings
    from sinks.clickhouse.client import session
    from sinks.clickhouse.reference import loaded_digest, outdated_facts

    variables = variables_for(directory, [ClickHouseSettings, ReferenceSettings])
    data = load(ReferenceSettings, variables).data()
    with session(load(ClickHouseSettings, variables).connection()) as client:
        loaded, outdated = loaded_digest(client), outdated_facts(client)
    typer.echo(f"Digest here: {data.digest}; in ClickHouse: {loaded or 'none'}.")
    if loaded != data.digest:
        typer.echo("They differ: run `hailong migrate` with the same settings as the workers.")
    for office, facts, known in outdated:
        now = "is" if known else "is not"
        typer.echo(
            f"Facts on {office} that were made with other data: {facts:,}. Their target {now} in ClickHouse's tables."
        )
    if outdated:
        typer.echo(
            "Restart workers that still have the old file. Facts are corrected when their sheets are published again."
        )
    if loaded == data.digest and not outdated:
        typer.echo("ClickHouse has the same data, and all facts agree with it.")
        return
    raise typer.Exit(FAILED)


def _show(rows: Sequence[Mapping[str, str]], *, as_json: bool) -> None:
    """Print rows as lines of JSON, or as a table."""
    import json

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    table = Table(*rows[0], box=None, header_style="bold")
    for row in rows:
        table.add_row(*map(Text, row.values()))
    Console().print(table)


def _data(directory: Path | None) -> ReferenceData:
    from deploy.settings.load import load
    from deploy.settings.reference import ReferenceSettings

    return load(ReferenceSettings, variables_for(directory, [ReferenceSettings])).data()


def _rows(offices: OfficeDirectory) -> Iterator[Mapping[str, str]]:
    """One row for each version of a unit, each followed by the teams of its code."""
    from itertools import groupby

    teams = list(offices.all_teams())
    for code, versions in groupby(offices.all_offices(), lambda office: office.code):
        for office in versions:
            yield _row(office, code, "", office.level, office.parent or "")
        for team in teams:
            if team.office == code:
                yield _row(team, code, team.team, "TEAM", code)


def _row(version: Office | Team, code: str, team: str, level: str, parent: str) -> Mapping[str, str]:
    validity = version.validity
    return {
        "code": code,
        "team": team,
        "level": level,
        "name": version.name_vi,
        "from": str(validity.valid_from),
        "before": "" if validity.valid_to is None else str(validity.valid_to),
        "parent": parent,
        "origin": version.origin,
        "trust": version.confidence,
    }
