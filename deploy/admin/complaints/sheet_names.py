"""What targets, scores and reasons of a sheet are called in Vietnamese, from the reference data."""

from __future__ import annotations

from schemas.records.events import RatingItem, Target
from schemas.reference.offices import Office, OfficeDirectory, Team
from schemas.reference.service import Step, load_rating_scale, load_reasons, load_steps


def target_name(offices: OfficeDirectory, item: RatingItem, at: int) -> str | None:
    """The name of a rated target at that time; None: the reference data has none, as for the id of an official."""
    match item.target:
        case Target.OFFICE:
            found: Office | Team | Step | None = offices.get(item.office, at)
        case Target.TEAM:
            found = offices.team(item.office, item.target_id, at)
        case Target.STEP:
            found = load_steps().get(item.target_id)
        case _:
            found = None
    return None if found is None else found.name_vi


def score_name(item: RatingItem) -> str:
    """The words of the form for a score."""
    return load_rating_scale()[item.score].name_vi


def reason_name(item: RatingItem) -> str | None:
    """The words for the reason of a score; None: there is none, or it is newer than the reference data."""
    reason = load_reasons().get(item.reason or "")
    return None if reason is None else reason.name_vi
