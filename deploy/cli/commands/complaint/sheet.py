"""`hailong complaint show`: a case with the sheet behind it; the comment after the case has recorded who reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.commands.complaint.options import WAIT_S, Case, Reader, Wait
from deploy.cli.commands.complaint.sending import action_on, read_all_cases, send_and_report
from deploy.cli.context import cluster_of, console
from deploy.cli.options import Dir, Json, variables_for
from producers.clock import wall_clock
from schemas.records.cases import CaseAction

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from collections.abc import Mapping

    from deploy.admin.complaints.sheet_tables import NoSheet, SheetPage
    from deploy.admin.complaints.sheets import CaseSheet
    from deploy.cli.context import Cluster
    from schemas.records.cases import ComplaintAction, ComplaintCase
    from schemas.records.complaints import Complaint
    from schemas.reference.offices import OfficeDirectory


def show(
    case: Case,
    *,
    comment: Annotated[
        bool, typer.Option("--comment", help="Also show the comment. The case records first who reads it.")
    ] = False,
    by: Reader = None,
    unit: Annotated[str | None, typer.Option(help="With --comment: the unit you act for.", show_default=False)] = None,
    as_json: Json = False,
    wait: Wait = WAIT_S,
    directory: Dir = None,
) -> None:
    """Show one case: the responsible unit, what the enterprise said, the time limits with their sources, the history.

    Targets, scores and reasons are shown as the newest revision of the sheet has them. Its comment is shown with
    --comment alone, after the case has recorded who reads it; so is everything on the sheet of a denunciation.

    Example: hailong complaint show 7b1c

    Example: hailong complaint show 7b1c --comment --by o-2210 --unit 03CC
    """
    from deploy.admin.complaints import tables
    from deploy.admin.complaints.cases import find_case, is_protected, read_history
    from deploy.admin.complaints.sheet_tables import PROTECTED
    from deploy.errors import Mistake
    from deploy.settings.kafka import KafkaSettings
    from deploy.settings.reference import ReferenceSettings
    from deploy.settings.registry import RegistrySettings

    if comment and (by is None or unit is None):
        raise Mistake("Say who reads the comment: --by with your id, and --unit with the unit you act for.")
    variables = variables_for(directory, [KafkaSettings, RegistrySettings, ReferenceSettings])
    cluster = cluster_of(variables)
    cases = read_all_cases(cluster)
    found = find_case(cases, case)
    protected = is_protected(found, cases)
    shown: SheetPage | NoSheet
    if comment:
        read = action_on(found, CaseAction.READ_COMMENT, None, actor=by, unit=unit)
        shown = _recorded(cluster, variables, found, read, wait, protected=protected)
    else:
        shown = PROTECTED if protected else _unrecorded(cluster, variables, found)
    history = read_history(*cluster, found.complaint_id)
    if as_json:
        typer.echo(tables.sheet_as_json(found, history, shown.fields()))
    else:
        console().print(tables.sheet(found, history, wall_clock(), shown.lines()))


def _unrecorded(cluster: Cluster, variables: Mapping[str, str], case: ComplaintCase) -> SheetPage | NoSheet:
    """A sheet without its comment. A case is worth showing also when its sheet cannot be read."""
    from deploy.admin.complaints.cases import read_complaint
    from deploy.admin.complaints.sheet_tables import NoSheet, SheetPage
    from schemas.errors import HailongError

    offices, complaint = _offices(variables), read_complaint(*cluster, case.complaint_id)
    try:
        sheet = _read(cluster, variables, complaint)
    except HailongError as error:
        return NoSheet.unread(complaint, offices, str(error))
    return SheetPage(case, sheet, offices, protected=False)


def _recorded(
    cluster: Cluster,
    variables: Mapping[str, str],
    case: ComplaintCase,
    action: ComplaintAction,
    wait: float,
    *,
    protected: bool,
) -> SheetPage:
    """A sheet with its comment, once the case has accepted that it is read.

    It is read before that, and shown after it: nobody is recorded as the reader of what could not be found.
    """
    from deploy.admin.complaints.cases import read_complaint
    from deploy.admin.complaints.sheet_tables import SheetPage

    sheet = _read(cluster, variables, read_complaint(*cluster, case.complaint_id))
    if sheet.comment is None and not protected:
        typer.echo("The sheet has no comment: nothing was recorded.", err=True)
        return SheetPage(case, sheet, _offices(variables), protected=False)
    send_and_report(cluster, action, wait, aside=True)
    return SheetPage(case, sheet, _offices(variables), protected=protected, recorded=True)


def _read(cluster: Cluster, variables: Mapping[str, str], complaint: Complaint) -> CaseSheet:
    from deploy.admin.complaints.sheets import read_sheet
    from deploy.settings.clickhouse import ClickHouseSettings
    from deploy.settings.load import load

    clickhouse = load(ClickHouseSettings, variables).connection()
    with console(stderr=True).status("Reading the sheet ..."):
        return read_sheet(*cluster, clickhouse, complaint)


def _offices(variables: Mapping[str, str]) -> OfficeDirectory:
    from deploy.settings.load import load
    from deploy.settings.reference import ReferenceSettings

    return load(ReferenceSettings, variables).data().offices
