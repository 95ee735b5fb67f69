"""Customs offices, departments and regions with their dates of validity, and the teams of the Hai Phong offices.

Names and levels changed on 15 March 2025, when the word "chi cục" moved one level up, so every lookup takes a time.
Source and confidence of each row: `data/offices.csv`, `data/teams.csv`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from schemas.reference.tables import Confidence, Row, add_version, data_text, parse_table, version_at
from schemas.reference.validity import Validity

WHOLE_OFFICE_TEAM = "00"

TOP_UNIT = "VN"
"""OUR identifier of the head of customs (Tổng cục, since 2025 Cục Hải quan): no official code was found."""

OFFICIAL_CODE = "[0-9]{2}[A-Z][A-Z0-9]"
"""Codes of customs: the department, then a letter and a letter or digit."""

_OFFICES = "offices.csv"
_TEAMS = "teams.csv"
_OFFICE_COLUMNS = (
    *("code", "level", "department", "name_vi", "name_2014", "valid_from", "valid_to", "parent", "parent_confidence"),
    *("successor", "seat", "confidence", "source", "note"),
)
_TEAM_COLUMNS = ("office", "team", "name_vi", "valid_from", "valid_to", "confidence", "source")


class Level(StrEnum):
    """Levels of the customs organisation, named so that a reorganisation does not change their meaning."""

    REGION = "REGION"
    DEPARTMENT = "DEPARTMENT"
    OFFICE = "OFFICE"
    DIVISION = "DIVISION"


class RowOrigin(StrEnum):
    """Where a version of an office or a team comes from."""

    PACKAGE = "PACKAGE"
    SITE = "SITE"
    CORRECTED = "CORRECTED"
    """A version of the package, with values from the site's own file."""


@dataclass(frozen=True, slots=True)
class Office:
    """One unit of customs as it was in one period.

    Attributes:
        code: Official 4-character code; KV01 to KV20 are our own identifiers of regions; a site may have other codes.
        department: The first two digits of an official code: the department of 2014; None for a region.
        name_vi: Name shown to people in that period.
        name_2014: Name as printed in the 2014 reference database; None for a region, or one that a site added.
        parent: Code of the department or region above; None when there is none or it is unknown.
        parent_confidence: Trust in that link; None without a parent.
        successor: Code of the office that took over; None without one.
        confidence: Trust in code and name.
        origin: The package, or the site's own file.
    """

    code: str
    level: Level
    department: str | None
    name_vi: str
    name_2014: str | None
    validity: Validity
    parent: str | None
    parent_confidence: Confidence | None
    successor: str | None
    confidence: Confidence
    source: str
    origin: RowOrigin = RowOrigin.PACKAGE


@dataclass(frozen=True, slots=True)
class Team:
    """A team (đội) that handles declarations, as it was in one period.

    Attributes:
        office: Code of its office.
        team: Two characters; 00 is the whole office or its default team.
        origin: The package, or the site's own file.
    """

    office: str
    team: str
    name_vi: str
    validity: Validity
    confidence: Confidence
    source: str
    origin: RowOrigin = RowOrigin.PACKAGE


@dataclass(frozen=True, slots=True)
class OfficeDirectory:
    """Looks up offices and teams as of a time (epoch milliseconds, UTC). Immutable."""

    _offices: Mapping[str, Sequence[tuple[Validity, Office]]]
    _teams: Mapping[tuple[str, str], Sequence[tuple[Validity, Team]]]

    @classmethod
    def of(cls, offices: Iterable[Office], teams: Iterable[Team]) -> OfficeDirectory:
        """The directory of these versions, of which no two of one key overlap."""
        by_code: dict[str, list[tuple[Validity, Office]]] = {}
        for office in offices:
            by_code.setdefault(office.code, []).append((office.validity, office))
        by_team: dict[tuple[str, str], list[tuple[Validity, Team]]] = {}
        for team in teams:
            by_team.setdefault((team.office, team.team), []).append((team.validity, team))
        return cls(MappingProxyType(by_code), MappingProxyType(by_team))

    def all_offices(self) -> Iterator[Office]:
        """Every version of every unit."""
        return (office for versions in self._offices.values() for _, office in versions)

    def all_teams(self) -> Iterator[Team]:
        """Every version of every registered team."""
        return (team for versions in self._teams.values() for _, team in versions)

    def __contains__(self, code: str) -> bool:
        """Whether there is a unit with this code, at whatever time."""
        return code in self._offices

    def get(self, code: str, at_ms: int) -> Office | None:
        """The unit with this code at that time, or None when the code was not valid then."""
        return version_at(self._offices.get(code, ()), at_ms)

    def team(self, office: str, team: str, at_ms: int) -> Team | None:
        """The registered team at that time, or None when there was none."""
        return version_at(self._teams.get((office, team), ()), at_ms)

    def known(self, code: str, at_ms: int) -> bool:
        """Whether the code was valid at that time, for a unit of any level."""
        return self.get(code, at_ms) is not None

    def name(self, code: str, at_ms: int) -> str:
        """The name to show at that time; the code itself when it was not valid then."""
        office = self.get(code, at_ms)
        return code if office is None else office.name_vi

    def periods(self, office: str, team: str | None = None) -> Sequence[tuple[int, int]]:
        """Periods [from, to) in which an office, or one of its teams, existed; epoch milliseconds, UTC.

        Team 00 stands for the whole office. The package registers other teams for Hai Phong alone, until 15 March
        2025: elsewhere, no period means "not in our data".
        """
        offices = [validity for validity, _office in self._offices.get(office, ())]
        if team is None or team == WHOLE_OFFICE_TEAM:
            return [(validity.from_ms, validity.to_ms) for validity in offices]
        both = (
            (max(one.from_ms, other.from_ms), min(one.to_ms, other.to_ms))
            for one in offices
            for other, _team in self._teams.get((office, team), ())
        )
        return [(first, end) for first, end in both if first < end]

    def above(self, code: str, at_ms: int) -> tuple[str, ...]:
        """The units above a unit at that time, from the nearest to `TOP_UNIT`; only `TOP_UNIT` for an unknown code."""
        found: list[str] = []
        unit = self.get(code, at_ms)
        while unit is not None and unit.parent is not None and unit.parent not in (code, *found):
            found.append(unit.parent)
            unit = self.get(unit.parent, at_ms)
        return (*found, TOP_UNIT)

    def offices(self, at_ms: int, department: str | None = None) -> tuple[Office, ...]:
        """All units of level OFFICE at that time, of one department or of all, by code."""
        found = (version_at(versions, at_ms) for _, versions in sorted(self._offices.items()))
        return tuple(
            office
            for office in found
            if office is not None and office.level is Level.OFFICE and department in (None, office.department)
        )


def _office(row: Row) -> Office:
    level = row.choice("level", Level)
    region = level is Level.REGION
    code = row.matching("code", "KV[0-9]{2}" if region else OFFICIAL_CODE)
    department = None if region else row.matching("department", "[0-9]{2}")
    if department is not None and not code.startswith(department):
        raise row.fail(f"{code} does not belong to department {department}")
    return row.record(
        Office,
        code=code,
        level=level,
        department=department,
        name_2014=None if region else row.text("name_2014"),
        origin=RowOrigin.PACKAGE,
        validity=row.validity(),
        parent_confidence=None if row.optional("parent") is None else row.choice("parent_confidence", Confidence),
    )


def _team(row: Row) -> Team:
    return row.record(Team, {"team": "[0-9]{2}"}, validity=row.validity(), origin=RowOrigin.PACKAGE)


def parse_offices(offices_csv: str, teams_csv: str) -> OfficeDirectory:
    """The directory that two CSV texts describe. Raises ReferenceDataError with the line of the first fault."""
    offices: dict[str, list[tuple[Validity, Office]]] = {}
    links: list[tuple[Row, str]] = []
    for row in parse_table(_OFFICES, offices_csv, _OFFICE_COLUMNS):
        office = _office(row)
        add_version(row, offices.setdefault(office.code, []), office.validity, office)
        links += [(row, code) for code in (office.parent, office.successor) if code is not None]
    for row, code in links:
        if code not in offices:
            raise row.fail(f"{code} is not in the table")
    teams: dict[tuple[str, str], list[tuple[Validity, Team]]] = {}
    for row in parse_table(_TEAMS, teams_csv, _TEAM_COLUMNS):
        team = _team(row)
        if team.office not in offices:
            raise row.fail(f"office {team.office} is not in {_OFFICES}")
        add_version(row, teams.setdefault((team.office, team.team), []), team.validity, team)
    return OfficeDirectory(MappingProxyType(offices), MappingProxyType(teams))


@cache
def load_offices() -> OfficeDirectory:
    """The directory of the data files. Read once; raises ReferenceDataError when a file is broken."""
    return parse_offices(data_text(_OFFICES), data_text(_TEAMS))
