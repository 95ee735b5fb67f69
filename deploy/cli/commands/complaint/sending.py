"""How the commands of `hailong complaint` act: find the case, send the action, wait for the result, report it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import typer

from deploy.cli.context import console, kafka_cluster
from deploy.cli.error_report import FAILED
from producers.clock import wall_clock
from schemas.records.cases import ActorRole, CaseAction

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from deploy.cli.context import Cluster
    from schemas.records.cases import ComplaintAction, ComplaintCase


def act_on_case(
    directory: Path | None,
    case: str,
    action: CaseAction,
    wait: float,
    at: str | None,
    *,
    unit: str | None = None,
    role: ActorRole = ActorRole.HANDLER,
    **fields: Any,
) -> tuple[Cluster, ComplaintCase]:
    """Send one action on a case and report the result; a refusal ends the command. Returns the cluster and the case.

    The arguments are those of the command; `fields` has further fields of the action. A handler acts for `unit`, or for
    the unit that is responsible for the case.
    """
    from deploy.admin.complaints.cases import find_case

    cluster = kafka_cluster(directory)
    found = find_case(read_all_cases(cluster), case)
    if role is ActorRole.HANDLER:
        fields["unit"] = unit or found.unit
    send_and_report(cluster, action_on(found, action, at, role=role, **fields), wait)
    return cluster, found


def action_on(
    case: ComplaintCase, action: CaseAction, at: str | None, *, role: ActorRole = ActorRole.HANDLER, **fields: Any
) -> ComplaintAction:
    """An action on a case, under a new id; arguments as `act_on_case`.

    Raises:
        Mistake: `at` is not a time.
    """
    from deploy.errors import Mistake
    from producers.files.fields import milliseconds
    from schemas.records.cases import ComplaintAction

    acted_at = wall_clock() if at is None else milliseconds(at)
    if acted_at is None:
        raise Mistake("--at must be a time with its UTC offset, such as 2026-09-08T10:00:00+07:00.")
    return ComplaintAction(
        action_id=str(uuid4()),
        complaint_id=case.complaint_id,
        action=action.value,
        acted_at=acted_at,
        actor_role=role.value,
        **fields,
    )


def send_and_report(cluster: Cluster, action: ComplaintAction, wait: float, *, aside: bool = False) -> None:
    """Send an action, wait for what its case answers, and print that; a refusal or no answer ends the command.

    `aside`: standard output is for something else.
    """
    from deploy.admin.complaints.actions import act

    with console(stderr=True).status("Waiting for the case ..."):
        (event,) = act(*cluster, [action], wait)
    name = action.action.lower().replace("_", " ")
    if event is None:
        problem = (
            f"Kafka has the action ({action.action_id}), but no result came in time. Check that a worker runs; "
            "`hailong complaint show` will tell the result. Do not send the action again."
        )
    elif event.refusal is not None:
        state = event.state or "unknown"
        problem = f"refused with {event.refusal}; docs/complaints.md explains it. The case is {state}."
    else:
        typer.echo(f"{name}: done. The case is {event.state}; the responsible unit is {event.unit}.", err=aside)
        return
    typer.echo(f"{name}: {problem}", err=True)
    raise typer.Exit(FAILED)


def read_all_cases(cluster: Cluster) -> list[ComplaintCase]:
    """Every case, read from Kafka."""
    from deploy.admin.complaints.cases import read_cases

    with console(stderr=True).status("Reading cases ..."):
        return read_cases(*cluster)
