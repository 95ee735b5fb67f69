"""The reference data of one deployment: the package's, with a site's own file laid over it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TypeVar

from schemas.errors import ConfigurationError
from schemas.reference.allegations import AllegationPhrase, content_of, load_allegations
from schemas.reference.calendar import WorkingCalendar
from schemas.reference.errors import ReferenceDataError
from schemas.reference.feedback_content import FeedbackContent, load_content
from schemas.reference.offices import OFFICIAL_CODE, Level, Office, OfficeDirectory, RowOrigin, Team, load_offices
from schemas.reference.outages import Outage, in_order, load_outages
from schemas.reference.site.entries import SiteEntry
from schemas.reference.site.links import broken_links
from schemas.reference.site.overlay import Overlay
from schemas.reference.site.phrases import lay_phrases
from schemas.reference.site.problems import Problems
from schemas.reference.site.site_file import SiteFile, read_site_file, read_text
from schemas.reference.validity import Validity
from schemas.reference.working_hours import WorkingHours, load_rules, load_working_hours, with_public_holidays

T = TypeVar("T", Office, Team)


@dataclass(frozen=True)
class ReferenceData:
    """What a deployment knows before the first event; every process of it must know the same.

    Attributes:
        offices: Offices and teams.
        hours: Working time.
        outages: Declared outages, in order of time.
        allegations: Words of comments that may point at an allegation.
        content: What makes feedback of a low score.
        changes: What the site's file changes, one sentence each; empty without a file.
        warnings: What in that file is allowed and probably not meant.
    """

    offices: OfficeDirectory
    hours: WorkingHours
    outages: tuple[Outage, ...]
    allegations: tuple[AllegationPhrase, ...]
    content: FeedbackContent
    changes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @cached_property
    def calendar(self) -> WorkingCalendar:
        """The working calendar of these hours."""
        return WorkingCalendar(self.hours)

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits that differ when offices, teams, working time, outages or words differ."""
        text = json.dumps(_content(self), ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def package_reference() -> ReferenceData:
    """The reference data of the package. Raises ReferenceDataError when a file of it is broken."""
    return ReferenceData(load_offices(), load_working_hours(), load_outages(), load_allegations(), load_content())


def site_reference(path: Path) -> ReferenceData:
    """The reference data of the package, with a site's file laid over it.

    Raises:
        ConfigurationError: With every problem of the file, each with its line and entry.
    """
    try:
        return parse_site(str(path), read_text(path))
    except ReferenceDataError as error:
        raise ConfigurationError([str(error)]) from error


def parse_site(file: str, text: str) -> ReferenceData:
    """As `site_reference`, from the text of a file."""
    package, problems = package_reference(), Problems()
    site = read_site_file(file, text, problems)
    offices = Overlay(_added_office, problems)
    laid_offices = offices.lay(_by_key(package.offices.all_offices(), lambda one: (one.code,)), site.offices)
    teams = Overlay(_added_team, problems)
    laid_teams = teams.lay(_by_key(package.offices.all_teams(), lambda one: (one.office, one.team)), site.teams)
    directory = OfficeDirectory.of((one.version for one in laid_offices), (one.version for one in laid_teams))
    phrases = lay_phrases(package.allegations, site.allegations)
    problems.found += phrases.faults
    unread = site.codes if problems.found else frozenset()
    problems.found += broken_links(file, site, laid_offices, laid_teams, directory, unread=unread)
    if problems.found:
        in_line_order = sorted(problems.found, key=lambda fault: fault.line or 0)
        raise ConfigurationError(dict.fromkeys(map(str, in_line_order)))
    return ReferenceData(
        directory,
        with_public_holidays(load_rules().overridden_by(site.hours)),
        in_order([*package.outages, *(outage for _entry, outage in site.outages)]),
        phrases.phrases,
        next((rule for _entry, rule in site.content), package.content),
        (*offices.changes, *teams.changes, *_other_changes(site), *phrases.changes),
        (*offices.warnings, *teams.warnings),
    )


def _by_key(versions: Iterable[T], key: Callable[[T], tuple[str, ...]]) -> dict[tuple[str, ...], list[T]]:
    found: dict[tuple[str, ...], list[T]] = {}
    for version in versions:
        found.setdefault(key(version), []).append(version)
    return found


def _added_office(entry: SiteEntry, validity: Validity) -> Office:
    given, (code,) = entry.given, entry.key
    parent = given.get("parent")
    return Office(
        code=code,
        level=given.get("level", Level.OFFICE),
        department=code[:2] if re.fullmatch(OFFICIAL_CODE, code) else None,
        name_vi=given["name_vi"],
        name_2014=None,
        validity=validity,
        parent=parent,
        parent_confidence=None if parent is None else given["confidence"],
        successor=given.get("successor"),
        confidence=given["confidence"],
        source=given["source"],
        origin=RowOrigin.SITE,
    )


def _added_team(entry: SiteEntry, validity: Validity) -> Team:
    given, (office, team) = entry.given, entry.key
    return Team(office, team, given["name_vi"], validity, given["confidence"], given["source"], RowOrigin.SITE)


def _other_changes(site: SiteFile) -> Iterator[str]:
    for entry, content in site.content:
        yield f"{entry.where}: {content}"
    for entry, outage in site.outages:
        yield f"{entry.where}: {entry.text('what')!r} at {', '.join(sorted(outage.offices)) or 'all offices'}"
    for entry, rule in site.overtime:
        yield f"{entry.where}: of {rule.office}"
    hours = site.hours
    for what, count in (
        ("regular hours", len(hours.periods)),
        ("days off", len(hours.days_off)),
        ("working days", len(hours.working_days)),
    ):
        if count:
            yield f"{what}: {count}"


def _content(data: ReferenceData) -> object:
    """Everything that the digest covers, in an order of its own."""
    offices = sorted((_row(one) for one in data.offices.all_offices()), key=str)
    teams = sorted((_row(one) for one in data.offices.all_teams()), key=str)
    outages = [(outage.start, outage.end, sorted(outage.offices)) for outage in data.outages]
    hours = data.hours
    periods = [(one.valid_from, sorted(one.weekdays), one.windows) for one in hours.periods]
    overtime = sorted(
        (one.office, one.first_day, one.end_day or 0, sorted(one.weekdays), one.windows, one.on_days_off)
        for one in hours.overtime
    )
    days = sorted(hours.days_off), sorted(hours.working_days)
    return [offices, teams, outages, periods, *days, overtime, content_of(data.allegations), str(data.content)]


def _row(version: Office | Team) -> list[object]:
    """What counts of a version: neither its source nor who wrote it."""
    own = (
        (version.code, version.level, version.parent, version.successor)
        if isinstance(version, Office)
        else (version.office, version.team)
    )
    return [*own, version.name_vi, version.validity.valid_from, version.validity.valid_to, version.confidence]
