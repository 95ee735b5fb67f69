"""`hailong complaint reveal` and `erase`: the sealed contact, after the case has recorded who does it and why."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.cli.commands.complaint.options import WAIT_S, By, Case, Unit, Wait
from deploy.cli.commands.complaint.sending import act_on_case, action_on, read_all_cases, send_and_report
from deploy.cli.context import kafka_cluster
from deploy.cli.error_report import FAILED
from deploy.cli.options import Dir, Yes, variables_for
from schemas.records.cases import CaseAction


def reveal(
    case: Case,
    *,
    by: By,
    reason: Annotated[str, typer.Option(help="Why; kept in the record of access.", show_default=False)],
    unit: Unit = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
) -> None:
    """Show the sealed contact, after the case has recorded who opens it and why. Needs HAILONG_SEALING_KEYS.

    Example: hailong complaint reveal 7b1c --by o-2210 --reason "call back about the missing receipt"
    """
    from deploy.admin.complaints.contacts import contact_of
    from deploy.errors import Mistake
    from deploy.printable import printable
    from deploy.settings.load import load
    from deploy.settings.sealing import SealingSettings

    keys = load(SealingSettings, variables_for(directory, [SealingSettings])).keys()
    if keys is None:
        raise Mistake("There is no sealing key: set HAILONG_SEALING_KEYS or HAILONG_SEALING_KEYS_FILE.")
    cluster, found = act_on_case(directory, case, CaseAction.REVEAL, wait, None, actor=by, unit=unit, text=reason)
    contact = contact_of(*cluster, found.complaint_id, keys)
    typer.echo(f"name:  {printable(contact.name or '-')}")
    typer.echo(f"phone: {printable(contact.phone or '-')}")


def erase(
    case: Case,
    *,
    by: By,
    reason: Annotated[str, typer.Option(help="Why; kept in the case.", show_default=False)],
    unit: Unit = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
    yes: Yes = False,
) -> None:
    """Destroy the key of the contact: nobody can open the contact any more. Refused under legal hold.

    Example: hailong complaint erase 7b1c --by o-2210 --reason "asked for on 2 March"
    """
    from deploy.admin.complaints.cases import find_case
    from deploy.admin.complaints.contacts import destroy_keys

    cluster = kafka_cluster(directory)
    found = find_case(read_all_cases(cluster), case)
    if not yes:
        typer.confirm(f"Destroy the contact of case {found.complaint_id} for ever?", abort=True)
    action = action_on(found, CaseAction.ERASE, None, actor=by, unit=unit or found.unit, text=reason)
    send_and_report(cluster, action, wait)
    count = destroy_keys(*cluster, found.complaint_id)
    if not count:
        typer.echo(
            "No key was destroyed: the sheet gave no contact, or its contact has no key of its own and is sealed "
            "directly with a sealing key. Such a contact is deleted when the retention of topic rating ends.",
            err=True,
        )
        raise typer.Exit(FAILED)
    typer.echo(f"{count} key{'' if count == 1 else 's'} destroyed.")
