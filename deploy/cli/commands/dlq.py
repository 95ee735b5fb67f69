"""`hailong dlq`: what was refused, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.context import console, now, servers
from deploy.cli.error_report import FAILED
from deploy.cli.options import Dir

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from collections.abc import Callable, Sequence

    from deploy.admin.dead_letters import Entry, Selection
    from deploy.admin.dead_letters.actions import Decision
    from schemas.kafka.connection import KafkaConnection

app = typer.Typer(
    help="Dead letters: records that were refused. List them, look at one, publish them again, or put them away.\n\n"
    "What each reason means and what to do: docs/dead-letters.md.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Ids, or their beginnings.", show_default=False)]
Id = Annotated[list[str] | None, typer.Option("--id", help="Id, or its beginning.", show_default=False)]
Reason = Annotated[list[str] | None, typer.Option(help="Reason, e.g. UNKNOWN_SCHEMA.", show_default=False)]
Topic = Annotated[list[str] | None, typer.Option(help="Topic it came from, e.g. rating.", show_default=False)]
Partition = Annotated[int | None, typer.Option(min=0, help="Partition it came from.", show_default=False)]
Stage = Annotated[list[str] | None, typer.Option(help="Who refused it, e.g. join or sink.", show_default=False)]
SchemaId = Annotated[list[int] | None, typer.Option(help="Schema id in its frame.", show_default=False)]
Since = Annotated[
    str | None,
    typer.Option(help="Recorded in Kafka from then on: 2h or 7d ago, or 2026-03-01T08:00 (UTC).", show_default=False),
]
Until = Annotated[
    str | None, typer.Option(help="Recorded before then; [bold]now[/bold] means all.", show_default=False)
]
Limit = Annotated[int | None, typer.Option(min=1, help="Only so many, the latest.", show_default=False)]
By = Annotated[
    str | None, typer.Option("--by", help="Who decides; else the user of the operating system.", show_default=False)
]
Note = Annotated[str | None, typer.Option(help="Why; kept with the decision, so name no persons.", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]

ROWS = 50
"""Letters in a table unless --limit says otherwise."""


@app.command("list")
def list_(
    *,
    directory: Dir = None,
    id_: Id = None,
    reason: Reason = None,
    topic: Topic = None,
    partition: Partition = None,
    stage: Stage = None,
    schema_id: SchemaId = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
    decided: Annotated[bool, typer.Option("--all", help="Also those that were replayed or discarded.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for machines.")] = False,
) -> None:
    """List the dead letters about which nobody has decided yet, the latest first.

    Several values of one option mean any of them. Nothing of what the records hold is shown.

    Example: hailong dlq list --reason BAD_TIME --topic rating --since 2h
    """
    from deploy.admin.dead_letters import tables  # noqa: PLC0415 imported here so that --help is quick

    connection, _schemas = servers(directory)
    selection = _selection(id_, reason, topic, partition, stage, schema_id, since, until, decided=decided)
    entries = _read(connection)
    found = selection.of(entries)
    if as_json:
        for entry in found[:limit]:
            typer.echo(tables.as_json(entry))
        return
    screen = console()
    if not found:
        screen.print(f"No {'' if decided else 'open '}dead letters{' like this' if selection.restricts else ''}.")
        return
    screen.print(tables.summary(found))
    screen.print()
    screen.print(tables.listing(found[: limit or ROWS], states=decided))
    if len(found) > (limit or ROWS):
        screen.print(f"\n{len(found) - (limit or ROWS):,} more: --limit {len(found)}, or --json for all.")


@app.command()
def show(
    letter: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it.")],
    *,
    directory: Dir = None,
    raw: Annotated[
        Path | None,
        typer.Option(help="Write the bytes of its value to this new file, for you alone (mode 0600).", dir_okay=False),
    ] = None,
) -> None:
    """Show one dead letter: why it was refused, and its structure with everything hidden that may be personal.

    Example: hailong dlq show 12eb48d0

    Example: hailong dlq show 12eb48d0 --raw letter.bin
    """
    from deploy.admin.dead_letters import contents_of, masking, tables  # noqa: PLC0415 imported here so that --help is quick
    from deploy.admin.dead_letters.entries import named  # noqa: PLC0415 as above
    from deploy.admin.dead_letters.private_file import write_private  # noqa: PLC0415 as above

    connection, writer_schemas = servers(directory)
    entries = _read(connection)
    entry = named(entries, letter)
    (contents,) = contents_of(connection, [entry])
    same = [one for one in entries if one.digest == entry.digest and one.dead_letter_id != entry.dead_letter_id]
    screen = console()
    screen.print(
        tables.sheet(entry, masking.described_key(contents.key), masking.described_frame(contents.value), same)
    )
    screen.print()
    screen.print(tables.structure(masking.decoded(contents, writer_schemas)))
    if raw is not None:
        write_private(raw, contents.value)
        typer.echo(f"\n{len(contents.value):,} bytes are in {raw}; they may hold personal data: delete them after use.")


@app.command()
def replay(
    ids: Ids = None,
    *,
    directory: Dir = None,
    id_: Id = None,
    reason: Reason = None,
    topic: Topic = None,
    partition: Partition = None,
    stage: Stage = None,
    schema_id: SchemaId = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
    decided: Annotated[bool, typer.Option("--all", help="Also those that were replayed or discarded before.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: By = None,
    note: Note = None,
) -> None:
    """Publish refused records again, unchanged, to the topics they came from: after the cause was mended.

    A record that was accepted meanwhile changes nothing. One that is still bad becomes a new dead letter.

    Example: hailong dlq replay --reason UNKNOWN_SCHEMA --schema-id 121 --dry-run

    Example: hailong dlq replay 12eb48d0 --note "schema 121 is registered now"
    """
    from deploy.admin.dead_letters import contents_of, tables  # noqa: PLC0415 imported here so that --help is quick
    from deploy.admin.dead_letters import replay as publish  # noqa: PLC0415 as above

    connection, _schemas = servers(directory)
    selection = _selection(
        [*(ids or ()), *(id_ or ())], reason, topic, partition, stage, schema_id, since, until, decided=decided
    )
    chosen = _chosen(_read(connection), selection, limit)
    able = [entry for entry in chosen if entry.not_replayable() is None]
    for why, count in tables.refusals(chosen).items():
        typer.echo(f"{count:,} cannot be replayed: {why}.", err=True)
    if able and _agreed(f"Publish {_letters(len(able))} again", able, dry_run=dry_run, yes=yes):
        with _bar("Publishing", len(able)) as done:
            outcomes = publish(connection, contents_of(connection, able), _decision(by, note), done)
        typer.echo(f"{_letters(len(outcomes))} published again; what is still bad comes back as a new dead letter.")
    raise typer.Exit(FAILED if len(able) < len(chosen) or not chosen else 0)


@app.command()
def discard(
    ids: Ids = None,
    *,
    directory: Dir = None,
    id_: Id = None,
    reason: Reason = None,
    topic: Topic = None,
    partition: Partition = None,
    stage: Stage = None,
    schema_id: SchemaId = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: By = None,
    note: Note = None,
) -> None:
    """Put dead letters away: you have decided that nothing is to be done. They stay in Kafka until they are too old.

    Example: hailong dlq discard --reason NOT_FRAMED --until 7d --note "test traffic of the portal"
    """
    from deploy.admin.dead_letters import discard as put_away  # noqa: PLC0415 imported here so that --help is quick

    connection, _schemas = servers(directory)
    selection = _selection([*(ids or ()), *(id_ or ())], reason, topic, partition, stage, schema_id, since, until)
    chosen = _chosen(_read(connection), selection, limit)
    if chosen and _agreed(f"Discard {_letters(len(chosen))}", chosen, dry_run=dry_run, yes=yes):
        with _bar("Writing down", len(chosen)) as done:
            put_away(connection, chosen, _decision(by, note), done)
        typer.echo(f"{_letters(len(chosen))} discarded; `hailong dlq list --all` still shows them.")
    raise typer.Exit(0 if chosen else FAILED)


def _selection(
    ids: Sequence[str] | None,
    reason: Sequence[str] | None,
    topic: Sequence[str] | None,
    partition: int | None,
    stage: Sequence[str] | None,
    schema_id: Sequence[int] | None,
    since: str | None,
    until: str | None,
    *,
    decided: bool = False,
) -> Selection:
    from deploy.admin.dead_letters import Selection  # noqa: PLC0415 imported here so that --help is quick
    from deploy.admin.dead_letters.times import moment  # noqa: PLC0415 as above

    present = now()
    return Selection(
        ids=ids or (),
        reasons=reason or (),
        topics=topic or (),
        partition=partition,
        stages=stage or (),
        schema_ids=schema_id or (),
        since=None if since is None else moment(since, present, "--since"),
        until=None if until is None else moment(until, present, "--until"),
        decided=decided,
    )


def _chosen(entries: Sequence[Entry], selection: Selection, limit: int | None) -> list[Entry]:
    """What is to be decided about; never everything by mistake."""
    from deploy.admin.dead_letters.entries import named  # noqa: PLC0415 imported here so that --help is quick
    from deploy.errors import Mistake  # noqa: PLC0415 as above

    if not selection.restricts:
        raise Mistake("Say which dead letters: ids, --reason, --topic, ...; `--until now` means all that are open.")
    for one in selection.ids:
        entry = named(entries, one)
        if entry.actions and not selection.decided:
            typer.echo(f"{one} is {entry.state.lower()} already; it is left out.", err=True)
    chosen = selection.of(entries)[:limit]
    if not chosen:
        typer.echo("No open dead letter is like this: nothing was done.", err=True)
    return chosen


def _agreed(question: str, entries: Sequence[Entry], *, dry_run: bool, yes: bool) -> bool:
    from deploy.admin.dead_letters import tables  # noqa: PLC0415 imported here so that --help is quick

    screen = console()
    screen.print(tables.summary(entries))
    if dry_run:
        screen.print("\nNothing was done (--dry-run).")
        return False
    if yes:
        return True
    screen.print()
    typer.confirm(f"{question}?", abort=True)
    return True


def _decision(by: str | None, note: str | None) -> Decision:
    from getpass import getuser  # noqa: PLC0415 imported here so that --help is quick

    from deploy.admin.dead_letters.actions import Decision  # noqa: PLC0415 as above

    return Decision(by or getuser(), note, now)


def _letters(count: int) -> str:
    return "1 dead letter" if count == 1 else f"{count:,} dead letters"


def _read(connection: KafkaConnection) -> list[Entry]:
    from deploy.admin.dead_letters import read_entries  # noqa: PLC0415 imported here so that --help is quick

    with console(stderr=True).status("Reading dead letters ...") as status:
        return read_entries(connection, lambda count: status.update(f"Reading dead letters ... {count:,}"))


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich.progress import Progress  # noqa: PLC0415 imported here so that --help is quick

    with Progress(console=console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.update(task, completed=count)
