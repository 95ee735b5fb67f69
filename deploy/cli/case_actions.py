"""How the commands of `hailong complaint` act: find the case, send, wait for what becomes of it, say it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import typer

from deploy.cli.context import console, now, servers
from deploy.cli.error_report import FAILED
from schemas.records import ActorRole, CaseAction

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from schemas.codec.record import WriterSchemas
    from schemas.kafka.connection import KafkaConnection
    from schemas.records import ComplaintAction, ComplaintCase, ComplaintEvent


def do(
    directory: Path | None,
    case: str,
    action: CaseAction,
    wait: float,
    at: str | None,
    *,
    unit: str | None = None,
    role: ActorRole = ActorRole.HANDLER,
    **fields: Any,
) -> None:
    """Do something about the case whose id begins so, and say what became of it; ends the command if it was refused.

    Args:
        directory: What `--dir` named.
        case: Beginning of its id.
        action: What is done.
        wait: Seconds to wait for what becomes of it.
        at: When it was done, with offset; None: now.
        unit: Unit a handler acts for; None: the one that answers for the case.
        role: As what.
        fields: What else the action says.
    """
    from deploy.admin.complaints.cases import named  # noqa: PLC0415 imported here so that --help is quick

    where = servers(directory)
    found = named(cases(*where), case)
    given = (unit or found.unit) if role is ActorRole.HANDLER else None
    say(*sent(where, action_on(found, action, at, role=role, unit=given, **fields), wait))


def action_on(
    case: ComplaintCase,
    action: CaseAction,
    at: str | None,
    *,
    role: ActorRole = ActorRole.HANDLER,
    **fields: Any,
) -> ComplaintAction:
    """An action on a case, under a fresh id; arguments as `do`.

    Raises:
        Mistake: `at` is no time.
    """
    from schemas.records import ComplaintAction  # noqa: PLC0415 imported here so that --help is quick

    return ComplaintAction(
        action_id=str(uuid4()),
        complaint_id=case.complaint_id,
        action=action.value,
        acted_at=_moment(at),
        actor_role=role.value,
        **fields,
    )


def _moment(at: str | None) -> int:
    from deploy.errors import Mistake  # noqa: PLC0415 as above
    from producers.files.fields import milliseconds  # noqa: PLC0415 imported here so that --help is quick

    if at is None:
        return now()
    found = milliseconds(at)
    if found is None:
        raise Mistake("--at must be a time with its offset, such as 2026-09-08T10:00:00+07:00.")
    return found


def sent(
    where: tuple[KafkaConnection, WriterSchemas], action: ComplaintAction, wait: float
) -> tuple[ComplaintAction, ComplaintEvent | None]:
    """Send an action; what its case says of it, None if nothing in time."""
    from deploy.admin.complaints.actions import act  # noqa: PLC0415 imported here so that --help is quick

    with console(stderr=True).status("Waiting for the case ..."):
        (event,) = act(*where, [action], wait)
    return action, event


def say(action: ComplaintAction, event: ComplaintEvent | None) -> None:
    """What became of an action; ends the command where it was not taken."""
    what = action.action.lower().replace("_", " ")
    if event is None:
        typer.echo(
            f"{what}: Kafka has it (action {action.action_id}), but the case has not answered. Does a worker run?",
            err=True,
        )
        raise typer.Exit(FAILED)
    if event.refusal is not None:
        typer.echo(
            f"{what}: refused, {event.refusal} (docs/complaints.md). The case is {event.state or 'unknown'}.", err=True
        )
        raise typer.Exit(FAILED)
    typer.echo(f"{what}: done. The case is {event.state}; {event.unit} answers for it.")


def cases(connection: KafkaConnection, writer_schemas: WriterSchemas) -> list[ComplaintCase]:
    """Every case, read from Kafka."""
    from deploy.admin.complaints.cases import read_cases  # noqa: PLC0415 imported here so that --help is quick

    with console(stderr=True).status("Reading cases ..."):
        return read_cases(connection, writer_schemas)
