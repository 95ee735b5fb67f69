"""The facts of a sheet, one record at a time, as a user of a framework that keeps a value for each key writes them.

What they say is what `processors.stages.facts` says of many sheets at once; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from processors.domain.sheets import ItemIdentity, Revision, Sheet
from schemas import identity as ids
from schemas.records import MatchState, RatedService, RatingItem, Target
from schemas.reference.offices import OfficeDirectory

_NEVER = (0,) * 5


class DeclarationContext(NamedTuple):
    """What was known of a declaration as of a rating; fields as in `rated-service`."""

    declaration_office: str | None = None
    declaration_team: str | None = None
    status: str | None = None
    channel: str | None = None
    kind: str | None = None
    tax_code: str | None = None
    status_count: int = 0
    registered_at: int | None = None
    permitted_at: int | None = None
    document_minutes: int | None = None
    goods_minutes: int | None = None
    clearance_minutes: int | None = None
    on_time: bool | None = None


class FactItem(NamedTuple):
    """What a fact has for itself.

    Attributes:
        fact_id: Its id.
        item: What was rated, and how.
        score_since: For each score from 1 to 5 when the target had it first; 0 for never.
        target_known: Whether there was such an office or team.
    """

    fact_id: str
    item: RatingItem
    score_since: tuple[int, ...]
    target_known: bool


class Facts(NamedTuple):
    """Facts about one declaration from one revision of a sheet: what they have in common stands once.

    Attributes:
        sheet_id: The sheet.
        version: See `version_of`.
        state: How the items stand to the declaration.
        revision: The record that they are from.
        context: The declaration as of the latest revision.
        items: What each has for itself, in the order of the sheet.
    """

    sheet_id: str
    version: int
    state: MatchState
    revision: Revision
    context: DeclarationContext
    items: Sequence[FactItem]

    @property
    def tax_code(self) -> str | None:
        """The enterprise, as the sheet names it or else the declaration."""
        return self.revision.tax_code or self.context.tax_code

    def records(self) -> Iterator[RatedService]:
        """Each fact by itself."""
        for fact_id, item, score_since, target_known in self.items:
            yield self._record(fact_id, item, score_since, target_known=target_known)

    def _record(
        self, fact_id: str, item: RatingItem, score_since: tuple[int, ...], *, target_known: bool
    ) -> RatedService:
        one, two, three, four, five = score_since
        revision, context = self.revision, self.context
        return RatedService(
            fact_id=fact_id,
            version=self.version,
            state=self.state,
            sheet_id=self.sheet_id,
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
            tax_code=self.tax_code,
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


def facts_of(sheet: Sheet, context: DeclarationContext, version: int, directory: OfficeDirectory) -> Iterator[Facts]:
    """Every fact of a sheet, at the version of `version_of`: one for each target that any revision rated.

    A target that the latest revision dropped stays, as SUPERSEDED with the content of the last revision that had it. So
    does a target that only a losing content of a revision named: it may have been published before the winner came.
    """
    revisions, key = sheet.revisions(), f"{sheet.key:011d}"
    matched = MatchState.MATCHED if context.status_count else MatchState.UNMATCHED
    since = _since(revisions)
    seen: set[ItemIdentity] = set()
    for revision in reversed(revisions):
        known = _Known(revision.submitted_at, directory)
        own = [(_identity(item), item) for item in revision.items]
        state = matched if revision is revisions[-1] else MatchState.SUPERSEDED
        items = [
            FactItem(ids.fact_id(key, sheet.sheet_id, *identity), item, since[identity], known(item))
            for identity, item in own
            if identity not in seen
        ]
        if items:
            yield Facts(sheet.sheet_id, version, state, revision, context, items)
        seen.update(identity for identity, _item in own)


def _identity(item: RatingItem) -> ItemIdentity:
    return item.target, item.office, item.target_id


def _since(revisions: Sequence[Revision]) -> Mapping[ItemIdentity, tuple[int, ...]]:
    """For each target when it had each score first; revisions in order."""
    since: dict[ItemIdentity, tuple[int, ...]] = {}
    for revision in revisions:
        at = revision.submitted_at
        firsts: dict[int, tuple[int, ...]] = {}
        for item in revision.items:
            identity, place = _identity(item), item.score - 1
            known = since.get(identity)
            if known is None:
                first = firsts.get(place)
                if first is None:
                    first = firsts[place] = (*_NEVER[:place], at, *_NEVER[place + 1 :])
                since[identity] = first
            elif not known[place]:
                since[identity] = (*known[:place], at, *known[place + 1 :])
    return since


class _Known:
    """Whether targets exist at one time; most items of a sheet are about one office."""

    def __init__(self, at: int, directory: OfficeDirectory) -> None:
        self._at = at
        self._directory = directory
        self._offices: dict[str, bool] = {}

    def __call__(self, item: RatingItem) -> bool:
        if item.target == Target.TEAM:
            return self._directory.team_known(item.office, item.target_id, self._at)
        found = self._offices.get(item.office)
        if found is None:
            found = self._offices[item.office] = self._directory.known(item.office, self._at)
        return found
