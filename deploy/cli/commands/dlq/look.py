"""`hailong dlq list` and `show`: what was refused, without changing anything and without personal data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.commands.dlq import selecting
from deploy.cli.commands.dlq.selecting import read_all_letters, selection_of
from deploy.cli.context import console, kafka_cluster
from deploy.cli.options import Dir, Json

ROWS = 50
"""Letters in a table unless --limit says otherwise."""


def list_letters(
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
    decided: Annotated[bool, typer.Option("--all", help="Also letters that were replayed or discarded.")] = False,
    as_json: Json = False,
) -> None:
    """List the open dead letters, the latest first. Open means: nobody has replayed or discarded it yet.

    An option that is given several times selects letters that match any of its values. The contents of the records are
    not shown.

    Example: hailong dlq list --reason BAD_TIME --topic rating --since 2h
    """
    from deploy.admin.dead_letters import tables

    connection, _writer_schemas = kafka_cluster(directory)
    selection = selection_of(id_, reason, topic, partition, stage, schema_id, since, until, decided=decided)
    found = selection.of(read_all_letters(connection))
    if as_json:
        for entry in found[:limit]:
            typer.echo(tables.as_json(entry))
        return
    screen = console()
    if not found:
        screen.print(f"No {'' if decided else 'open '}dead letters{' match' if selection.restricts else ''}.")
        return
    screen.print(tables.summary(found))
    screen.print()
    screen.print(tables.listing(found[: limit or ROWS], states=decided))
    if len(found) > (limit or ROWS):
        screen.print(f"\n{len(found) - (limit or ROWS):,} more: use --limit {len(found)}, or --json for all fields.")


def show(
    letter: Annotated[str, typer.Argument(metavar="ID", help="Id of the dead letter, or how it begins.")],
    *,
    directory: Dir = None,
    raw: Annotated[
        Path | None,
        typer.Option(
            help="Also write the bytes of the record's value to this new file, readable by you alone.", dir_okay=False
        ),
    ] = None,
) -> None:
    """Show one dead letter: why it was refused, and its structure with possible personal data hidden.

    Example: hailong dlq show 12eb48d0

    Example: hailong dlq show 12eb48d0 --raw letter.bin
    """
    from deploy.admin.dead_letters import masking, tables
    from deploy.admin.dead_letters.entries import find_letter
    from deploy.admin.dead_letters.private_file import write_private
    from deploy.admin.dead_letters.reader import contents_of

    connection, writer_schemas = kafka_cluster(directory)
    entries = read_all_letters(connection)
    entry = find_letter(entries, letter)
    (contents,) = contents_of(connection, [entry])
    same = [one for one in entries if one.digest == entry.digest and one.dead_letter_id != entry.dead_letter_id]
    screen = console()
    screen.print(tables.sheet(entry, masking.describe_key(contents.key), masking.describe_frame(contents.value), same))
    screen.print()
    screen.print(tables.structure(masking.decode_masked(contents, writer_schemas)))
    if raw is not None:
        write_private(raw, contents.value)
        typer.echo(
            f"\n{len(contents.value):,} bytes are in {raw}. They may hold personal data: delete the file after use."
        )
