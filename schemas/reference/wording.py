"""What people read instead of codes and numbers: names of teams, steps and reasons, and how often something comes."""

from __future__ import annotations

from schemas.reference.offices import OfficeDirectory
from schemas.reference.service import load_reasons, load_steps

_UNNAMED = {"TEAM": "đội {}", "STEP": "khâu khác", "REASON": "lý do khác"}
"""For what the reference data does not name. A team is known by its number; other codes tell people nothing."""


def thing_name(offices: OfficeDirectory, office: str, coded: str, at: int) -> str:
    """The name of a team, a step or a reason.

    Args:
        offices: Offices and teams, with those of the site's own file.
        office: Code of the office.
        coded: Kind and code, such as `TEAM:01`, `STEP:GOODS_INSPECTION` or `REASON:SLOW`.
        at: Epoch milliseconds: teams have had several names.
    """
    kind, _, code = coded.partition(":")
    match kind:
        case "TEAM":
            team = offices.team(office, code, at)
            found = None if team is None else team.name_vi
        case "STEP":
            step = load_steps().get(code)
            found = None if step is None else step.name_vi
        case "REASON":
            reason = load_reasons().get(code)
            found = None if reason is None else reason.name_vi
        case _:
            found = None
    return found or _UNNAMED.get(kind, coded).format(code)


def how_often(months: float) -> tuple[str, str]:
    """How often it comes if so many months lie between, in Vietnamese and in English; at most 20 years."""
    if months > 240:
        return "hơn 20 năm mới có một lần", "less than once in 20 years"
    if months >= 24:
        years = round(months / 12)
        return f"khoảng {years} năm một lần", f"about once in {years} years"
    if months >= 1.5:
        return f"khoảng {round(months)} tháng một lần", f"about once in {round(months)} months"
    return "khoảng mỗi tháng một lần", "about once a month"
