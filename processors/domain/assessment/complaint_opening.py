"""Opens complaint follow-ups: one for each sheet and responsible office with a low score.

A low score is a signal. With content, which says something and who says it, it is feedback (ADR 43). A comment without
a low score is a remark.

The state is a function of the newest facts of the group. When a later revision raises the scores, the complaint is
withdrawn, even if that revision arrived first: facts carry the time since which an item had each score.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from processors.domain.assessment.fact_store import Group, StoredFact
from processors.domain.assessment.policy import ComplaintPolicy
from processors.domain.assessment.remarks import ALLEGATION, remark_of
from processors.domain.assessment.repeat_complaints import RepeatComplaints
from processors.domain.join.declaration_context import WorkingTime
from schemas.ids import complaint_id
from schemas.records.complaints import CaseTrack, Complaint, ComplaintState, LowItem, Priority, Track
from schemas.records.events import Target

SCORE_1_WITH_TEXT = "SCORE_1_WITH_TEXT"
OFFICIAL_AGAIN = "OFFICIAL_AGAIN"


def complaint_of(
    group: Group, policy: ComplaintPolicy, calendar: WorkingTime, repeats: RepeatComplaints | None = None
) -> Complaint | None:
    """The complaint of a group, or its remark, or None if it never held a low score or a comment that counted.

    A complaint is recorded in `repeats`, the complaints about the same officials. None: none are known.
    """
    ever_low = [fact for fact in group.facts.values() if low_since(fact, policy.threshold)]
    if not ever_low:
        return remark_of(group) if group.remarked else None
    current = group.current()
    low = sorted((fact for fact in current if fact.score <= policy.threshold), key=attrgetter("target", "target_id"))
    opened_at = min(low_since(fact, policy.threshold) for fact in ever_low)
    officials = {fact.target_id for fact in ever_low if fact.target == Target.OFFICIAL}
    if repeats is not None:
        repeats.record(group, opened_at, officials, stands=bool(low))
    newest = group.newest
    content_since = _content_since(newest, opened_at)
    track = CaseTrack.SIGNAL if content_since is None else CaseTrack.FEEDBACK
    received_at = opened_at if content_since is None else max(opened_at, content_since)
    first = policy.deadlines.get(policy.first[track], received_at)
    resolve = policy.deadlines.get(policy.resolve[track], received_at)
    lowest = min((fact.score for fact in current), default=0)
    reasons = tuple(_urgent(group, opened_at, lowest, repeats, newest))
    return Complaint(
        complaint_id=complaint_id(group.declaration, group.sheet_id, group.office),
        version=group.version + (0 if repeats is None else repeats.weight(group)),
        sheet_id=group.sheet_id,
        office=group.office,
        declaration_no=newest.declaration_no,
        tax_code=newest.tax_code,
        track=Track.FEEDBACK,
        state=ComplaintState.OPENED if low else ComplaintState.WITHDRAWN,
        opened_at=opened_at,
        first_deadline_at=calendar.add_working_days(received_at, first.working_days),
        first_deadline_rule=first.id,
        resolve_deadline_at=calendar.add_working_days(received_at, resolve.working_days),
        resolve_deadline_rule=resolve.id,
        lowest_score=lowest,
        low_items=tuple(LowItem(fact.target, fact.target_id, fact.score, fact.reason) for fact in low),
        excluded_officials=tuple(sorted(officials)),
        has_comment=newest.has_comment,
        has_contact=newest.has_contact,
        changed_at=newest.submitted_at,
        priority=Priority.HIGH if reasons else Priority.NORMAL,
        priority_reasons=reasons,
        case_track=track,
        content_since=content_since,
    )


def _urgent(
    group: Group, opened_at: int, lowest: int, repeats: RepeatComplaints | None, newest: StoredFact
) -> Iterator[str]:
    if lowest and newest.allegations:
        yield ALLEGATION
    if lowest == 1 and newest.has_comment:
        yield SCORE_1_WITH_TEXT
    if lowest and repeats is not None and repeats.is_repeat(group, opened_at):
        yield OFFICIAL_AGAIN


def _content_since(newest: StoredFact, opened_at: int) -> int | None:
    """When the sheet first had the content that makes feedback of a low score; None: it never had.

    Facts of earlier versions do not know. Their complaints were feedback when they were opened, and those with content
    stay so.
    """
    if newest.content_since is not None:
        return newest.content_since or None
    with_content = newest.has_comment and (newest.has_contact or newest.tax_code is not None)
    return opened_at if with_content else None


def low_since(fact: StoredFact, threshold: int) -> int:
    """When the item first had a score at or below the threshold; 0 if it never had."""
    return min((since for since in fact.score_since[:threshold] if since), default=0)
