"""The facts of one sheet, as a user of a framework with keyed state would compute them.

`processors.stages.fact_encoding.fact_writer` writes the same facts for many sheets at once; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from processors.domain.join.allegations import kinds_of
from processors.domain.join.facts import facts_of, version_of
from processors.domain.join.policy import JoinPolicy
from processors.domain.join.sheet_store import StoredSheet
from schemas import ids
from schemas.records.events import RatingItem, Target
from schemas.records.facts import MatchState, RatedService, Standing, UnmatchedReason
from schemas.reference.feedback_content import load_content
from schemas.reference.offices import OfficeDirectory


class DeclarationContext(NamedTuple):
    """The state of a declaration at the time of a rating; fields as in `rated-service`."""

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


NEVER = (0, 0, 0, 0, 0)
"""The times of the scores of a sheet that never counted."""


def records_of(
    sheet: StoredSheet, context: DeclarationContext, standing: Standing, bearing: int, directory: OfficeDirectory
) -> Iterator[RatedService]:
    """Every fact of a sheet; `bearing` statuses count in its version."""
    counts = standing in JoinPolicy().counting
    ever_counted = counts or (bearing > 0 and sheet.changed_hands)
    matched = MatchState.MATCHED if context.status_count else MatchState.UNMATCHED
    for revision, superseded, items, since in facts_of(sheet):
        state = MatchState.SUPERSEDED if superseded else matched
        shared = {
            **context._asdict(),
            "version": version_of(sheet, bearing),
            "state": state,
            "unmatched_reason": UnmatchedReason.NOT_KNOWN if state is MatchState.UNMATCHED else None,
            "standing": standing,
            "counts": counts,
            "content_since": sheet.content_since(load_content()),
            "sheet_id": sheet.sheet_id,
            "revision": revision.revision,
            "declaration_no": revision.declaration_no,
            "submitted_at": revision.submitted_at,
            "phase": revision.phase,
            "has_comment": revision.has_comment,
            "has_contact": revision.has_contact,
            "allegations": kinds_of(revision.allegations),
            "tax_code": revision.tax_code or context.tax_code,
        }
        for item, times in zip(items, since, strict=True):
            one, two, three, four, five = times if ever_counted else NEVER
            yield RatedService(
                fact_id=ids.fact_id(f"{sheet.key:011d}", sheet.sheet_id, item.target, item.office, item.target_id),
                target=item.target,
                office=item.office,
                target_id=item.target_id,
                score=item.score,
                reason=item.reason,
                score_since=(one, two, three, four, five),
                target_known=_known(item, revision.submitted_at, directory),
                **shared,
            )


def _known(item: RatingItem, at: int, directory: OfficeDirectory) -> bool:
    if item.target == Target.TEAM:
        return any(first <= at < end for first, end in directory.periods(item.office, item.target_id))
    return directory.known(item.office, at)
