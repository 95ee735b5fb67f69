"""Which dead letters a command is about: the options that filter them, and reading them from Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.context import console
from producers.clock import wall_clock

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from collections.abc import Sequence

    from deploy.admin.dead_letters.entries import DeadLetterEntry, Selection
    from schemas.kafka.connection import KafkaConnection

Ids = Annotated[
    list[str] | None, typer.Argument(metavar="ID...", help="Their ids, or how these begin.", show_default=False)
]
Id = Annotated[list[str] | None, typer.Option("--id", help="Its id, or how it begins.", show_default=False)]
Reason = Annotated[list[str] | None, typer.Option(help="Why it was refused, e.g. UNKNOWN_SCHEMA.", show_default=False)]
FromTopic = Annotated[list[str] | None, typer.Option("--topic", help="Source topic, e.g. rating.", show_default=False)]
Partition = Annotated[int | None, typer.Option(min=0, help="Source partition.", show_default=False)]
Stage = Annotated[list[str] | None, typer.Option(help="Who refused it, e.g. join or sink.", show_default=False)]
SchemaId = Annotated[list[int] | None, typer.Option(help="Schema id of the record.", show_default=False)]
Since = Annotated[
    str | None,
    typer.Option(
        help="Kafka time of the record, from here on: 2h or 7d (ago), or 2026-03-01T08:00 (UTC).", show_default=False
    ),
]
Until = Annotated[
    str | None, typer.Option(help="Kafka time of the record, before this; **now** selects all.", show_default=False)
]
Limit = Annotated[int | None, typer.Option(min=1, help="At most this many, the latest first.", show_default=False)]


def selection_of(
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
    """The selection that the options describe."""
    from deploy.admin.dead_letters.entries import Selection
    from deploy.admin.dead_letters.times import parse_moment

    now = wall_clock()
    return Selection(
        ids=ids or (),
        reasons=reason or (),
        topics=topic or (),
        partition=partition,
        stages=stage or (),
        schema_ids=schema_id or (),
        since=None if since is None else parse_moment(since, now, "--since"),
        until=None if until is None else parse_moment(until, now, "--until"),
        decided=decided,
    )


def read_all_letters(connection: KafkaConnection) -> list[DeadLetterEntry]:
    """All dead letters, read from Kafka, with their number so far on the terminal."""
    from deploy.admin.dead_letters.reader import read_entries

    with console(stderr=True).status("Reading dead letters ...") as status:
        return read_entries(connection, lambda count: status.update(f"Reading dead letters ... {count:,}"))
