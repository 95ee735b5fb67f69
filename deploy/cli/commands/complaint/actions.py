"""Commands that act on a case: one function for each, and factories for those that differ only in their action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from deploy.cli.commands.complaint.options import WAIT_S, At, By, Case, Enterprise, TheirWords, Unit, Wait, Words
from deploy.cli.commands.complaint.sending import act_on_case, action_on, read_all_cases, send_and_report
from deploy.cli.context import kafka_cluster
from deploy.cli.options import Dir
from schemas.records.cases import ActorRole, CaseAction, Finding
from schemas.records.complaints import Track

Command = Callable[..., None]

Into = Annotated[str, typer.Option(help="The case that continues.", show_default=False)]
NewUnit = Annotated[str, typer.Option(help="Unit that takes over, e.g. 03EE.", show_default=False)]
Score = Annotated[int, typer.Argument(min=1, max=5, help="From 1, very poor, to 5, very good.", show_default=False)]


def by_handler(action: CaseAction) -> Command:
    """The command of a handler's action that needs nothing but its case."""

    def command(
        case: Case, *, by: By, unit: Unit = None, at: At = None, wait: Wait = WAIT_S, directory: Dir = None
    ) -> None:
        act_on_case(directory, case, action, wait, at, actor=by, unit=unit)

    return command


def by_handler_with_text(action: CaseAction) -> Command:
    """The command of a handler's action that needs a text."""

    def command(
        case: Case, *, by: By, text: Words, unit: Unit = None, at: At = None, wait: Wait = WAIT_S, directory: Dir = None
    ) -> None:
        act_on_case(directory, case, action, wait, at, actor=by, unit=unit, text=text)

    return command


def by_enterprise(action: CaseAction) -> Command:
    """The command of an enterprise's action that needs nothing but its case."""

    def command(
        case: Case, *, enterprise: Enterprise, at: At = None, wait: Wait = WAIT_S, directory: Dir = None
    ) -> None:
        act_on_case(directory, case, action, wait, at, actor=enterprise, role=ActorRole.ENTERPRISE)

    return command


def resolve(
    case: Case,
    *,
    by: By,
    finding: Annotated[Finding, typer.Option(help="Result of the verification.", show_default=False)],
    text: Words,
    measures: Annotated[str | None, typer.Option(help="What was done about it.", show_default=False)] = None,
    unit: Unit = None,
    at: At = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
) -> None:
    """Resolve the case: record what was found and what was done.

    Example: hailong complaint resolve 7b1c --by o-2210 --finding UPHELD --text "..." --measures "..."
    """
    action = CaseAction.RESOLVE
    found = finding.value
    act_on_case(directory, case, action, wait, at, actor=by, unit=unit, finding=found, text=text, measures=measures)


def transfer(
    case: Case, *, by: By, to: NewUnit, unit: Unit = None, at: At = None, wait: Wait = WAIT_S, directory: Dir = None
) -> None:
    """Transfer the case to another unit. Its time limits start again."""
    act_on_case(directory, case, CaseAction.TRANSFER, wait, at, actor=by, unit=unit, to_unit=to)


def supply(
    case: Case,
    *,
    enterprise: Enterprise,
    text: TheirWords = None,
    at: At = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
) -> None:
    """Record that the enterprise gave the information it was asked for. With its words, a signal becomes feedback.

    Example: hailong complaint supply 7b1c --enterprise 0200100100 --text "..."
    """
    role = ActorRole.ENTERPRISE
    act_on_case(directory, case, CaseAction.SUPPLY, wait, at, role=role, actor=enterprise, text=text)


def track(
    case: Case,
    to: Annotated[Track, typer.Argument(help="The new legal track.", show_default=False)],
    *,
    by: Annotated[str | None, typer.Option("--by", help="The official who decides.", show_default=False)] = None,
    enterprise: Annotated[
        str | None, typer.Option("--enterprise", help="Or the enterprise that wishes it.", show_default=False)
    ] = None,
    text: TheirWords = None,
    unit: Unit = None,
    at: At = None,
    wait: Wait = WAIT_S,
    directory: Dir = None,
) -> None:
    """Move the case to another legal track. An official decides it or the enterprise wishes it; earlier limits stay.

    An enterprise makes feedback of a signal by its words (--text).

    Example: hailong complaint track 7b1c COMPLAINT --enterprise 0200100100
    """
    from deploy.errors import Mistake

    if (by is None) == (enterprise is None):
        raise Mistake("Say who decides: --by for an official, or --enterprise for an enterprise.")
    role = ActorRole.HANDLER if enterprise is None else ActorRole.ENTERPRISE
    action = CaseAction.CHANGE_TRACK
    content = {"unit": unit, "track": to.value, "text": text}
    act_on_case(directory, case, action, wait, at, role=role, actor=by or enterprise, **content)


def merge(
    case: Case, *, into: Into, by: By, unit: Unit = None, at: At = None, wait: Wait = WAIT_S, directory: Dir = None
) -> None:
    """Merge the case into another case of the same enterprise about the same event.

    Example: hailong complaint merge 7b1c --into 99a0 --by o-2210
    """
    from deploy.admin.complaints.cases import find_case
    from deploy.errors import Mistake

    cluster = kafka_cluster(directory)
    cases = read_all_cases(cluster)
    ends, stays = find_case(cases, case), find_case(cases, into)
    if ends.tax_code is None or ends.tax_code != stays.tax_code:
        raise Mistake("Only cases of one enterprise can be merged; these two are not known to be of the same one.")
    # First the case that continues: if it refuses, the other one must not end.
    for one, other, action in ((stays, ends, CaseAction.ABSORB), (ends, stays, CaseAction.MERGE)):
        sent = action_on(one, action, at, actor=by, unit=unit or one.unit, other_complaint=other.complaint_id)
        send_and_report(cluster, sent, wait)


def rate(
    case: Case, score: Score, *, enterprise: Enterprise, at: At = None, wait: Wait = WAIT_S, directory: Dir = None
) -> None:
    """Rate how the case was handled. A score of 1 or 2 reopens it, once.

    Example: hailong complaint rate 7b1c 4 --enterprise 0200100100
    """
    role = ActorRole.ENTERPRISE
    act_on_case(directory, case, CaseAction.RATE_HANDLING, wait, at, role=role, actor=enterprise, score=score)
