"""`hailong complaint`: what is open, what happened, and doing something about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.case_actions import action_on, cases, do, say, sent
from deploy.cli.context import console, now, servers
from deploy.cli.error_report import FAILED
from deploy.cli.options import Dir, variables_for
from schemas.records import ActorRole, CaseAction, Finding, Track

if TYPE_CHECKING:  # at run time it would make `hailong --help` slow
    from schemas.records import ComplaintCase

app = typer.Typer(
    help="Complaints: what is open, what happened, and what you do about it.\n\n"
    "What is allowed when, and the legal limits: docs/complaints.md.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Case = Annotated[str, typer.Argument(metavar="CASE", help="Its id, or the beginning of it.", show_default=False)]
By = Annotated[
    str,
    typer.Option(
        "--by",
        envvar="HAILONG_COMPLAINT_BY",
        help="You: the pseudonymous id of an official. No name.",
        show_default=False,
    ),
]
Unit = Annotated[
    str | None,
    typer.Option(help="Unit you act for; without it the one that answers for the case.", show_default=False),
]
Enterprise = Annotated[
    str, typer.Option("--enterprise", help="Tax code of the enterprise on whose behalf.", show_default=False)
]
Said = Annotated[str, typer.Option("--text", help="In words; no person may be recognised in it.", show_default=False)]
At = Annotated[str | None, typer.Option(help="When it was done, with offset; without it now.", show_default=False)]
Wait = Annotated[float, typer.Option(min=0, help="Seconds to wait for what becomes of it.")]

WAIT_S = 20.0
ROWS = 50

HANDLING = "Handle it"
MOVING = "Move it elsewhere"
ENTERPRISES = "For an enterprise"
GUARDING = "Guard it"


@app.command("list", rich_help_panel="Look")
def list_(
    *,
    directory: Dir = None,
    office: Annotated[str | None, typer.Option(help="Opened at this office.", show_default=False)] = None,
    unit: Annotated[str | None, typer.Option(help="This unit answers for it.", show_default=False)] = None,
    track: Annotated[Track | None, typer.Option(help="Legal track.", show_default=False)] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past a limit.")] = False,
    ended: Annotated[bool, typer.Option("--all", help="Also those that are answered or ended.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Only so many.")] = ROWS,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for machines.")] = False,
) -> None:
    """List open cases, the most urgent first.

    Example: hailong complaint list --unit 03CC --overdue
    """
    from deploy.admin.complaints import tables  # noqa: PLC0415 imported here so that --help is quick
    from deploy.admin.complaints.cases import ENDED  # noqa: PLC0415 as above

    present = now()
    wanted: list[Callable[[ComplaintCase], bool]] = [
        lambda case: ended or case.state not in ENDED,
        lambda case: office in (None, case.office),
        lambda case: unit in (None, case.unit),
        lambda case: track in (None, case.track),
        lambda case: not overdue or (case.next_due_at is not None and case.next_due_at < present),
    ]
    found = [case for case in cases(*servers(directory)) if all(wants(case) for wants in wanted)]
    if as_json:
        for case in found[:limit]:
            typer.echo(tables.as_json(case))
        return
    screen = console()
    if not found:
        screen.print("No case is like this." if ended else "No open case is like this.")
        return
    screen.print(tables.listing(found[:limit], present))
    if len(found) > limit:
        screen.print(f"\n{len(found) - limit:,} more: --limit {len(found)}, or --json for all.")


@app.command(rich_help_panel="Look")
def show(case: Case, *, directory: Dir = None) -> None:
    """Show one case: who answers for it, its limits with their sources, what happened.

    Example: hailong complaint show 7b1c
    """
    from deploy.admin.complaints import tables  # noqa: PLC0415 imported here so that --help is quick
    from deploy.admin.complaints.cases import named, read_history  # noqa: PLC0415 as above

    where = servers(directory)
    found = named(cases(*where), case)
    console().print(tables.sheet(found, read_history(*where, found.complaint_id), now()))


@app.command(rich_help_panel="Look")
def limits() -> None:
    """Print the legal limits that hold today, with their sources and how far they can be trusted."""
    from deploy.admin.complaints import tables  # noqa: PLC0415 imported here so that --help is quick

    console().print(tables.limits(now()))


def _plain(name: str, action: CaseAction, panel: str, words: str) -> None:
    """A command for an action of a handler that needs nothing but its case."""

    def command(
        case: Case, *, by: By, unit: Unit = None, at: At = None, wait: Wait = WAIT_S, directory: Dir = None
    ) -> None:
        do(directory, case, action, wait, at, actor=by, unit=unit)

    app.command(name, help=words, rich_help_panel=panel)(command)


def _with_text(name: str, action: CaseAction, panel: str, words: str) -> None:
    """A command for an action of a handler that needs a text."""

    def command(
        case: Case,
        *,
        by: By,
        text: Said,
        unit: Unit = None,
        at: At = None,
        wait: Wait = WAIT_S,
        directory: Dir = None,
    ) -> None:
        do(directory, case, action, wait, at, actor=by, unit=unit, text=text)

    app.command(name, help=words, rich_help_panel=panel)(command)


def _of_enterprise(name: str, action: CaseAction, words: str) -> None:
    """A command for an action of an enterprise that needs nothing but its case."""

    def command(
        case: Case, *, enterprise: Enterprise, at: At = None, wait: Wait = WAIT_S, directory: Dir = None
    ) -> None:
        do(directory, case, action, wait, at, actor=enterprise, role=ActorRole.ENTERPRISE)

    app.command(name, help=words, rich_help_panel=ENTERPRISES)(command)


_plain("acknowledge", CaseAction.ACKNOWLEDGE, HANDLING, "Say that it was taken up.")
_plain("verify", CaseAction.VERIFY, HANDLING, "Begin to verify it.")
_plain(
    "ask", CaseAction.ASK, HANDLING, "Ask the enterprise for a supplement, once; the limit for resolving stands still."
)
_plain("suspend", CaseAction.SUSPEND, HANDLING, "Suspend a formal complaint; the limit for deciding stands still.")
_plain("resume", CaseAction.RESUME, HANDLING, "Go on after waiting or a suspension.")
_plain("complex", CaseAction.MARK_COMPLEX, HANDLING, "Declare it complex: the longer limit of its track holds.")


@app.command(rich_help_panel=HANDLING)
def resolve(
    case: Case,
    *,
    by: By,
    finding: Annotated[Finding, typer.Option(help="What was found.", show_default=False)],
    text: Said,
    measures: Annotated[str | None, typer.Option(help="What was done, in words.", show_default=False)] = None,
    unit: Unit = None,
    at: At = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
) -> None:
    """Resolve it: what was found, what was done.

    Example: hailong complaint resolve 7b1c --by o-2210 --finding UPHELD --text "..." --measures "..."
    """
    do(
        *(directory, case, CaseAction.RESOLVE, wait, at),
        actor=by,
        unit=unit,
        finding=finding.value,
        text=text,
        measures=measures,
    )


_with_text("reject", CaseAction.REJECT, HANDLING, "Resolve it as out of scope, saying why.")
_with_text("answer", CaseAction.ANSWER, HANDLING, "Answer the enterprise.")
_plain("close", CaseAction.CLOSE, HANDLING, "Close it after the answer; by itself it closes 15 working days later.")
_plain("escalate", CaseAction.ESCALATE, MOVING, "Hand it to the unit above.")


@app.command(rich_help_panel=MOVING)
def transfer(
    case: Case,
    *,
    by: By,
    to: Annotated[str, typer.Option(help="Unit that is to handle it, e.g. 03EE.", show_default=False)],
    unit: Unit = None,
    at: At = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
) -> None:
    """Give it to another unit; its limits begin anew."""
    do(directory, case, CaseAction.TRANSFER, wait, at, actor=by, unit=unit, to_unit=to)


@app.command(rich_help_panel=MOVING)
def track(
    case: Case,
    to: Annotated[Track, typer.Argument(help="Legal track.", show_default=False)],
    *,
    by: Annotated[str | None, typer.Option("--by", help="The official who decides.", show_default=False)] = None,
    enterprise: Annotated[
        str | None, typer.Option("--enterprise", help="Or the enterprise that wishes it.", show_default=False)
    ] = None,
    unit: Unit = None,
    at: At = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
) -> None:
    """Put it on another legal track, as the enterprise wishes or an official decides; the earlier limits stay visible.

    Example: hailong complaint track 7b1c COMPLAINT --enterprise 0200100100
    """
    from deploy.errors import Mistake  # noqa: PLC0415 imported here so that --help is quick

    if (by is None) == (enterprise is None):
        raise Mistake("Say who decides: --by for an official, or --enterprise.")
    role = ActorRole.HANDLER if enterprise is None else ActorRole.ENTERPRISE
    do(
        *(directory, case, CaseAction.CHANGE_TRACK, wait, at),
        role=role,
        actor=by or enterprise,
        unit=unit if by else None,
        track=to.value,
    )


@app.command(rich_help_panel=MOVING)
def merge(
    case: Case,
    *,
    into: Annotated[str, typer.Option(help="The case that goes on.", show_default=False)],
    by: By,
    unit: Unit = None,
    at: At = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
) -> None:
    """Merge it into another case of the same enterprise about the same event.

    Example: hailong complaint merge 7b1c --into 99a0 --by o-2210
    """
    from deploy.admin.complaints.cases import named  # noqa: PLC0415 imported here so that --help is quick
    from deploy.errors import Mistake  # noqa: PLC0415 as above

    where = servers(directory)
    known = cases(*where)
    one, other = named(known, case), named(known, into)
    if one.tax_code is None or one.tax_code != other.tax_code:
        raise Mistake("Only cases of one enterprise are merged; of these two it is not known to be the same.")
    # First the one that goes on: if it refuses, the other one is not ended.
    kept = action_on(other, CaseAction.ABSORB, at, actor=by, unit=unit or other.unit, other_complaint=one.complaint_id)
    ends = action_on(one, CaseAction.MERGE, at, actor=by, unit=unit or one.unit, other_complaint=other.complaint_id)
    for action in (kept, ends):
        say(*sent(where, action, wait))
    raise typer.Exit(0)


_of_enterprise("supply", CaseAction.SUPPLY, "Say that the enterprise gave what it was asked for.")
_of_enterprise("appeal", CaseAction.APPEAL, "Lodge a second complaint on the formal track, once.")
_of_enterprise("withdraw", CaseAction.WITHDRAW, "Withdraw the complaint.")


@app.command(rich_help_panel=ENTERPRISES)
def rate(
    case: Case,
    score: Annotated[int, typer.Argument(min=1, max=5, help="1 very poor to 5 very good.", show_default=False)],
    *,
    enterprise: Enterprise,
    at: At = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
) -> None:
    """Rate how it was handled; 1 or 2 reopens it, once.

    Example: hailong complaint rate 7b1c 4 --enterprise 0200100100
    """
    role = ActorRole.ENTERPRISE
    do(directory, case, CaseAction.RATE_HANDLING, wait, at, role=role, actor=enterprise, score=score)


_plain("hold", CaseAction.HOLD, GUARDING, "Put it under legal hold: nothing of it may be deleted.")
_plain("release-hold", CaseAction.RELEASE_HOLD, GUARDING, "End the legal hold.")


@app.command(rich_help_panel=GUARDING)
def reveal(
    case: Case,
    *,
    by: By,
    reason: Annotated[str, typer.Option(help="Why; kept with the record of access.", show_default=False)],
    unit: Unit = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
) -> None:
    """Open the sealed contact, after the case has written down who opens it and why. Needs HAILONG_SEALING_KEYS.

    Example: hailong complaint reveal 7b1c --by o-2210 --reason "call back about the missing receipt"
    """
    from deploy.admin.complaints.cases import named  # noqa: PLC0415 imported here so that --help is quick
    from deploy.admin.complaints.contacts import contact_of  # noqa: PLC0415 as above
    from deploy.errors import Mistake  # noqa: PLC0415 as above
    from deploy.settings import load  # noqa: PLC0415 as above
    from deploy.settings.sealing import SealingSettings  # noqa: PLC0415 as above

    keys = load(SealingSettings, variables_for(directory, [SealingSettings])).keys()
    if keys is None:
        raise Mistake("There is no sealing key: set HAILONG_SEALING_KEYS or HAILONG_SEALING_KEYS_FILE.")
    where = servers(directory)
    found = named(cases(*where), case)
    action = action_on(found, CaseAction.REVEAL, None, actor=by, unit=unit or found.unit, text=reason)
    say(*sent(where, action, wait))
    contact = contact_of(*where, found.complaint_id, keys)
    typer.echo(f"name:  {contact.name or '-'}")
    typer.echo(f"phone: {contact.phone or '-'}")


@app.command("request-erasure", rich_help_panel=GUARDING)
def request_erasure(
    case: Case,
    *,
    by: By,
    unit: Unit = None,
    at: At = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
) -> None:
    """Say that the person wants the contact erased: the legal limit for it begins to run."""
    do(directory, case, CaseAction.REQUEST_ERASURE, wait, at, actor=by, unit=unit)


@app.command(rich_help_panel=GUARDING)
def erase(
    case: Case,
    *,
    by: By,
    reason: Annotated[str, typer.Option(help="Why; kept in the case.", show_default=False)],
    unit: Unit = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Destroy the key of the contact: nobody can open it any more. Refused under legal hold.

    Example: hailong complaint erase 7b1c --by o-2210 --reason "asked for on 2 March"
    """
    from deploy.admin.complaints.cases import named  # noqa: PLC0415 imported here so that --help is quick
    from deploy.admin.complaints.contacts import destroy_keys  # noqa: PLC0415 as above

    where = servers(directory)
    found = named(cases(*where), case)
    if not yes:
        typer.confirm(f"Destroy the contact of case {found.complaint_id} for ever?", abort=True)
    action = action_on(found, CaseAction.ERASE, None, actor=by, unit=unit or found.unit, text=reason)
    say(*sent(where, action, wait))
    count = destroy_keys(*where, found.complaint_id)
    if not count:
        typer.echo(
            "No key of its own was found: the sheet gave no contact, or one sealed directly with a sealing key. "
            "Such a one ends with the retention of topic rating.",
            err=True,
        )
        raise typer.Exit(FAILED)
    typer.echo(f"{count} key{'' if count == 1 else 's'} destroyed.")
