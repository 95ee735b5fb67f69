"""`hailong dlq replay` and `discard`: what a person decides about dead letters."""

from __future__ import annotations

from getpass import getuser
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.commands.dlq import selecting
from deploy.cli.commands.dlq.selecting import read_all_letters, selection_of
from deploy.cli.context import console, kafka_cluster
from deploy.cli.error_report import FAILED
from deploy.cli.options import Dir, Yes
from deploy.cli.progress import progress

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from collections.abc import Sequence

    from deploy.admin.dead_letters.entries import DeadLetterEntry, Selection
    from schemas.kafka.connection import KafkaConnection

By = Annotated[
    str | None,
    typer.Option("--by", help="Who decides. Without it: your user name on this machine.", show_default=False),
]
Note = Annotated[
    str | None, typer.Option(help="Why. It is stored with the decision, so name no persons.", show_default=False)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, but change nothing.")]


def replay(
    ids: selecting.Ids = None,
    *,
    directory: Dir = None,
    id_: selecting.Id = None,
    reason: selecting.Reason = None,
    topic: selecting.FromTopic = None,
    partition: selecting.Partition = None,
    stage: selecting.Stage = None,
    schema_id: selecting.SchemaId = None,
    since: selecting.Since = None,
    until: selecting.Until = None,
    limit: selecting.Limit = None,
    decided: Annotated[
        bool, typer.Option("--all", help="Also letters that were replayed or discarded before.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: By = None,
    note: Note = None,
) -> None:
    """Publish refused records again, unchanged, to their source topics. Do it after the cause is fixed.

    A record that was accepted meanwhile changes nothing. One that is still bad becomes a new dead letter.

    Example: hailong dlq replay --reason UNKNOWN_SCHEMA --schema-id 121 --dry-run

    Example: hailong dlq replay 12eb48d0 --note "schema 121 is registered now"
    """
    from deploy.admin.dead_letters import tables
    from deploy.admin.dead_letters.actions import Decision
    from deploy.admin.dead_letters.actions import replay as publish
    from deploy.admin.dead_letters.reader import contents_of

    connection, _writer_schemas = kafka_cluster(directory)
    named = [*(ids or ()), *(id_ or ())]
    selection = selection_of(named, reason, topic, partition, stage, schema_id, since, until, decided=decided)
    chosen = _choose(connection, selection, limit)
    able = [entry for entry in chosen if entry.not_replayable() is None]
    for why, count in tables.refusals(chosen).items():
        typer.echo(f"{count:,} cannot be replayed: {why}.", err=True)
    if able and _confirmed(f"Publish {_letters(len(able))} again", able, dry_run=dry_run, yes=yes):
        with progress("Reading", "Publishing", "records") as show:
            contents = contents_of(connection, able)
            replayed = publish(
                connection, contents, Decision(by or getuser(), note), lambda count: show(count, len(able))
            )
        typer.echo(f"{_letters(replayed)} published again; what is still bad becomes a new dead letter.")
    raise typer.Exit(FAILED if len(able) < len(chosen) or not chosen else 0)


def discard(
    ids: selecting.Ids = None,
    *,
    directory: Dir = None,
    id_: selecting.Id = None,
    reason: selecting.Reason = None,
    topic: selecting.FromTopic = None,
    partition: selecting.Partition = None,
    stage: selecting.Stage = None,
    schema_id: selecting.SchemaId = None,
    since: selecting.Since = None,
    until: selecting.Until = None,
    limit: selecting.Limit = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: By = None,
    note: Note = None,
) -> None:
    """Mark dead letters as discarded: you decided that nothing is to be done. Kafka keeps them until they expire.

    Example: hailong dlq discard --reason NOT_FRAMED --until 7d --note "test traffic of the portal"
    """
    from deploy.admin.dead_letters.actions import Decision
    from deploy.admin.dead_letters.actions import discard as mark_discarded

    connection, _writer_schemas = kafka_cluster(directory)
    named = [*(ids or ()), *(id_ or ())]
    selection = selection_of(named, reason, topic, partition, stage, schema_id, since, until)
    chosen = _choose(connection, selection, limit)
    if chosen and _confirmed(f"Discard {_letters(len(chosen))}", chosen, dry_run=dry_run, yes=yes):
        with progress("Discarding", "Discarding", "records") as show:
            mark_discarded(connection, chosen, Decision(by or getuser(), note), lambda count: show(count, len(chosen)))
        typer.echo(f"{_letters(len(chosen))} discarded; `hailong dlq list --all` still shows them.")
    raise typer.Exit(0 if chosen else FAILED)


def _choose(connection: KafkaConnection, selection: Selection, limit: int | None) -> list[DeadLetterEntry]:
    """The letters to decide about; a selection without any filter is refused, so that nobody selects all by mistake."""
    from deploy.admin.dead_letters.entries import find_letter
    from deploy.errors import Mistake

    if not selection.restricts:
        raise Mistake(
            "Say which dead letters: give ids, --reason, --topic or another filter; `--until now` means all open ones."
        )
    entries = read_all_letters(connection)
    for one in selection.ids:
        entry = find_letter(entries, one)
        if entry.actions and not selection.decided:
            typer.echo(f"{one} is {entry.state.lower()} already and is left out.", err=True)
    chosen = selection.of(entries)[:limit]
    if not chosen:
        typer.echo("No open dead letter matches: nothing was done.", err=True)
    return chosen


def _confirmed(question: str, entries: Sequence[DeadLetterEntry], *, dry_run: bool, yes: bool) -> bool:
    """Show what is about to happen, and whether it should; "no" ends the command."""
    from deploy.admin.dead_letters import tables

    screen = console()
    screen.print(tables.summary(entries))
    if dry_run:
        screen.print("\nNothing was done (--dry-run).")
        return False
    if not yes:
        screen.print()
        typer.confirm(f"{question}?", abort=True)
    return True


def _letters(count: int) -> str:
    return "1 dead letter" if count == 1 else f"{count:,} dead letters"
