"""The join: a sheet and the history of its declaration give one fact for each rated target.

The facts are a function of the set of records known, never of their order. Their version grows with every record that
can change them, so whoever keeps the highest version of each fact ends with the same facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from processors.domain.context import DeclarationContext, StepLimits, WorkingTime, context_as_of, known_rows
from processors.domain.sheets import ItemIdentity, Revision, Sheet
from processors.domain.status_log import StatusRow
from schemas.identity import fact_id
from schemas.records import MatchState, RatedService, RatingItem, Target

_COUNT_BITS = 16


class Directory(Protocol):
    """Which offices and teams exist, as far as the core needs it."""

    def known(self, code: str, at_ms: int) -> bool:
        """Whether an office has this code at that time."""

    def team_known(self, office: str, team: str, at_ms: int) -> bool:
        """Whether the office has this team at that time."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the join looks things up in.

    Attributes:
        calendar: Working time.
        directory: Offices and teams.
        limits: Legal working time of the steps.
    """

    calendar: WorkingTime
    directory: Directory
    limits: StepLimits


def version_of(sheet: Sheet, history: Sequence[StatusRow]) -> int:
    """Version of the sheet's facts: the revision above, the number of records that bear on it below.

    Statuses are counted up to the latest submission of any record, not of the one that counts: when a content with an
    earlier submission wins, fewer statuses are looked at, but the version must not fall.
    """
    until = max(record.submitted_at for record in sheet.records.values())
    bearing = len(sheet.records) + known_rows(history, until)
    return sheet.latest.revision << _COUNT_BITS | min(bearing, (1 << _COUNT_BITS) - 1)


def context_of(sheet: Sheet, history: Sequence[StatusRow], surroundings: Surroundings) -> DeclarationContext:
    """The declaration as of the latest revision of a sheet."""
    return context_as_of(history, sheet.latest.submitted_at, surroundings.calendar, surroundings.limits)


def facts_of(sheet: Sheet, context: DeclarationContext, version: int, directory: Directory) -> list[RatedService]:
    """Every fact of a sheet, at the version of `version_of`: one for each target that any revision rated, by target.

    A target that the latest revision dropped stays, as SUPERSEDED with the content of the last revision that had it. So
    does a target that only a losing content of a revision named: it may have been published before the winner came.
    """
    revisions, latest = sheet.revisions(), sheet.latest
    matched = MatchState.MATCHED if context.status_count else MatchState.UNMATCHED
    last_seen: dict[ItemIdentity, tuple[Revision, RatingItem]] = {}
    since: dict[ItemIdentity, list[int]] = {}
    for revision in revisions:
        for item in revision.items:
            identity = (item.target, item.office, item.target_id)
            last_seen[identity] = (revision, item)
            first = since.setdefault(identity, [0] * 5)
            if not first[item.score - 1]:
                first[item.score - 1] = revision.submitted_at
    facts = []
    for identity, (revision, item) in sorted(last_seen.items(), key=lambda entry: entry[0]):
        state = matched if revision is latest else MatchState.SUPERSEDED
        known = _known(item, revision.submitted_at, directory)
        facts.append(_fact(sheet, revision, item, version, state, since[identity], context, target_known=known))
    return facts


def _known(item: RatingItem, at: int, directory: Directory) -> bool:
    if item.target == Target.TEAM and not directory.team_known(item.office, item.target_id, at):
        return False
    return directory.known(item.office, at)


def _fact(
    sheet: Sheet,
    revision: Revision,
    item: RatingItem,
    version: int,
    state: MatchState,
    since: Sequence[int],
    context: DeclarationContext,
    *,
    target_known: bool,
) -> RatedService:
    one, two, three, four, five = since
    return RatedService(
        fact_id=fact_id(f"{sheet.key:011d}", sheet.sheet_id, item.target, item.office, item.target_id),
        version=version,
        state=state,
        sheet_id=sheet.sheet_id,
        revision=revision.revision,
        declaration_no=revision.declaration_no,
        submitted_at=revision.submitted_at,
        phase=revision.phase,
        target=item.target,
        office=item.office,
        target_id=item.target_id,
        score=item.score,
        reason=item.reason,
        score_since=(one, two, three, four, five),
        target_known=target_known,
        has_comment=revision.has_comment,
        has_contact=revision.has_contact,
        tax_code=revision.tax_code or context.tax_code,
        declaration_office=context.declaration_office,
        declaration_team=context.declaration_team,
        status=context.status,
        channel=context.channel,
        kind=context.kind,
        status_count=context.status_count,
        registered_at=context.registered_at,
        permitted_at=context.permitted_at,
        document_minutes=context.document_minutes,
        goods_minutes=context.goods_minutes,
        clearance_minutes=context.clearance_minutes,
        on_time=context.on_time,
    )
