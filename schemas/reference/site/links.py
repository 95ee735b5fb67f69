"""Checks what entries of a site's file say about other units, once all versions are known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from schemas.reference.errors import ReferenceDataError
from schemas.reference.offices import Level, Office, OfficeDirectory, Team
from schemas.reference.site.overlay import Laid, unit_of
from schemas.reference.site.site_file import SiteFile
from schemas.reference.toml_entries import TomlEntry

_ABOVE = (Level.DEPARTMENT, Level.REGION)


def broken_links(
    file: str,
    site: SiteFile,
    offices: Sequence[Laid[Office]],
    teams: Sequence[Laid[Team]],
    directory: OfficeDirectory,
    *,
    unread: Collection[str],
) -> Iterator[ReferenceDataError]:
    """A fault for each unit that is named and does not exist, or not then.

    `unread`: codes that the file tries to add; an entry that cannot be read has its fault already.
    """
    for office in offices:
        yield from _links_of_office(file, office, directory, unread)
    for team in teams:
        yield from _links_of_team(file, team, directory, unread)
    for entry, outage in site.outages:
        yield from _unknown_codes(entry, outage.offices - set(unread), directory)
    for entry, rule in site.overtime:
        yield from _unknown_codes(entry, {rule.office} - set(unread), directory)


def _links_of_office(
    file: str, laid: Laid[Office], directory: OfficeDirectory, unread: Collection[str]
) -> Iterator[ReferenceDataError]:
    office = laid.version
    for name, code in (("parent", office.parent), ("successor", office.successor)):
        if code is not None and code not in directory and code not in unread:
            yield _fail(file, laid, f"its {name} {code} does not exist: add it, or correct the {name}")
    if laid.entry is None or office.parent is None or office.parent not in directory:
        return
    parent = directory.get(office.parent, office.validity.from_ms)
    if parent is None:
        yield _fail(file, laid, f"its parent {office.parent} does not exist on {office.validity.valid_from}")
    elif parent.level not in _ABOVE:
        yield _fail(file, laid, f"its parent {office.parent} is no {' or '.join(_ABOVE)}, but of level {parent.level}")


def _links_of_team(
    file: str, laid: Laid[Team], directory: OfficeDirectory, unread: Collection[str]
) -> Iterator[ReferenceDataError]:
    team = laid.version
    if team.office not in directory:
        if team.office in unread:
            return
        yield _fail(file, laid, f"its office {team.office} does not exist: add the office, or withdraw the team")
    elif laid.entry is not None and not _within(team, directory):
        spans = ", ".join(_span(office) for office in directory.all_offices() if office.code == team.office)
        yield _fail(file, laid, f"it exists at a time without its office: {team.office} has versions {spans}")


def _within(team: Team, directory: OfficeDirectory) -> bool:
    """Whether the office exists for the whole life of a team."""
    at = team.validity.from_ms
    for start, end in sorted(directory.periods(team.office)):
        if start <= at < end:
            at = end
    return at >= team.validity.to_ms


def _unknown_codes(entry: TomlEntry, codes: Iterable[str], directory: OfficeDirectory) -> Iterator[ReferenceDataError]:
    missing = sorted(code for code in codes if code not in directory)
    if missing:
        yield entry.fail(f"no office has the code {', '.join(missing)}: add an [[office]], or correct the code")


def _fail(file: str, laid: Laid[Office] | Laid[Team], problem: str) -> ReferenceDataError:
    if laid.entry is not None:
        return laid.entry.entry.fail(problem)
    where = f"{unit_of(laid.version)} from {laid.version.validity.valid_from}, of the package"
    return ReferenceDataError(file, None, f"{where}: {problem}")


def _span(office: Office) -> str:
    end: date | None = office.validity.valid_to
    return f"from {office.validity.valid_from}" + ("" if end is None else f" to before {end}")
