"""What is asked about teams in tests only."""

from __future__ import annotations

from schemas.reference.offices import WHOLE_OFFICE_TEAM, OfficeDirectory


def team_known(directory: OfficeDirectory, office: str, team: str, at_ms: int) -> bool:
    """Whether an office had this team at that time; team 00 is known wherever the office is."""
    if not directory.known(office, at_ms):
        return False
    registered = (one for one in directory.all_teams() if (one.office, one.team) == (office, team))
    return team == WHOLE_OFFICE_TEAM or any(one.validity.covers(at_ms) for one in registered)
