"""What targets, scores and reasons of a sheet are called in Vietnamese, from the reference data."""

from __future__ import annotations

from schemas.records.events import RatingItem, Target
from schemas.reference.offices import OfficeDirectory
from schemas.reference.service import load_rating_scale, load_reasons, load_steps


def target_name(offices: OfficeDirectory, item: RatingItem, at: int) -> str | None:
    """The name of a rated target at that time; None: the reference data has none, as for the id of an official."""
    match item.target:
        case Target.OFFICE:
            office = offices.get(item.office, at)
            return None if office is None else office.name_vi
        case Target.TEAM:
            teams = (one for one in offices.all_teams() if (one.office, one.team) == (item.office, item.target_id))
            valid = (one.name_vi for one in teams if one.validity.from_ms <= at < one.validity.to_ms)
            return next(valid, None)
        case Target.STEP:
            step = load_steps().get(item.target_id)
            return None if step is None else step.name_vi
        case _:
            return None


def score_name(item: RatingItem) -> str:
    """The words of the form for a score."""
    return load_rating_scale()[item.score].name_vi


def reason_name(item: RatingItem) -> str | None:
    """The words for the reason of a score; None: there is none, or it is newer than the reference data."""
    reason = load_reasons().get(item.reason or "")
    return None if reason is None else reason.name_vi
