"""Remarks: comments on sheets that never had a low score at an office. They open a case without limits.

Once it is published, a remark is withdrawn when the newest revision of its sheet has no comment, or does not count.
"""

from __future__ import annotations

from processors.domain.assessment.fact_store import Group
from schemas.ids import complaint_id
from schemas.records.complaints import CaseTrack, Complaint, ComplaintState, Priority, Track
from schemas.records.events import Target

ALLEGATION = "ALLEGATION"
"""Words of the comment may allege something: why a remark, or a complaint, is read first."""


def is_remark(group: Group, threshold: int) -> bool:
    """Whether a group is a remark now: its comment counts, and no score of it was ever at or below the threshold."""
    if not (group.newest.has_comment and group.current()):
        return False
    return not any(any(fact.score_since[:threshold]) for fact in group.facts.values())


def remark_of(group: Group) -> Complaint:
    """The remark of a group that is one now, or once was.

    It begins when its comment came: as far as facts know, with the first content, otherwise with the newest revision.
    Whoever was rated on the sheet may be meant, by whatever score.
    """
    newest, current = group.newest, group.current()
    rated_at = min((since for fact in group.facts.values() for since in fact.score_since if since), default=0)
    opened_at = max(rated_at, newest.content_since or newest.submitted_at)
    stands = newest.has_comment and bool(current)
    reasons = (ALLEGATION,) if stands and newest.allegations else ()
    officials = {fact.target_id for fact in group.facts.values() if fact.target == Target.OFFICIAL}
    return Complaint(
        complaint_id=complaint_id(group.declaration, group.sheet_id, group.office),
        version=group.version,
        sheet_id=group.sheet_id,
        office=group.office,
        declaration_no=newest.declaration_no,
        tax_code=newest.tax_code,
        track=Track.FEEDBACK,
        state=ComplaintState.OPENED if stands else ComplaintState.WITHDRAWN,
        opened_at=opened_at,
        first_deadline_at=opened_at,
        first_deadline_rule="",
        resolve_deadline_at=opened_at,
        resolve_deadline_rule="",
        lowest_score=min((fact.score for fact in current), default=0),
        low_items=(),
        excluded_officials=tuple(sorted(officials)),
        has_comment=newest.has_comment,
        has_contact=newest.has_contact,
        changed_at=newest.submitted_at,
        priority=Priority.HIGH if reasons else Priority.NORMAL,
        priority_reasons=reasons,
        case_track=CaseTrack.REMARK,
        content_since=newest.content_since or None,
    )
