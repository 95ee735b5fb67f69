"""All units and teams of the reference data, for tests and benchmarks that go through them."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.reference.offices import WHOLE_OFFICE_TEAM, Office, OfficeDirectory, Team


def all_versions(directory: OfficeDirectory) -> Iterator[Office]:
    """Every version of every unit."""
    return (office for versions in directory._offices.values() for _, office in versions)


def all_teams(directory: OfficeDirectory) -> Iterator[Team]:
    """Every version of every registered team."""
    return (team for versions in directory._teams.values() for _, team in versions)


def team_known(directory: OfficeDirectory, office: str, team: str, at_ms: int) -> bool:
    """Whether an office had this team at that time; team 00 is known wherever the office is."""
    if not directory.known(office, at_ms):
        return False
    registered = (one for one in all_teams(directory) if (one.office, one.team) == (office, team))
    return team == WHOLE_OFFICE_TEAM or any(one.validity.covers(at_ms) for one in registered)
