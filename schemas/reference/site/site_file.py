"""Reads a site's file: `[[office]]`, `[[team]]`, `[[outage]]`, `[[allegation]]` and the entries of working time."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from schemas.reference.errors import ReferenceDataError
from schemas.reference.feedback_content import CONTENT_ENTRY, CONTENT_VALUES, FeedbackContent, read_content
from schemas.reference.outages import OUTAGE_VALUES, Outage, read_outage
from schemas.reference.site.entries import SiteEntry, office_entries, team_entries
from schemas.reference.site.phrases import ALLEGATION_VALUES, SitePhrase, read_allegation
from schemas.reference.site.problems import Problems
from schemas.reference.toml_entries import TomlDocument, TomlEntry, parse_toml
from schemas.reference.working_hours import (
    DAY_VALUES,
    OVERTIME_VALUES,
    PERIOD_VALUES,
    HourRules,
    Overtime,
    read_day,
    read_overtime,
    read_period,
)

T = TypeVar("T")

MAX_BYTES = 4 * 1024 * 1024
"""A larger file is a mistake: the package describes 255 offices in 40 KB."""

KINDS = ("office", "team", "outage", "period", "day_off", "working_day", "overtime", "allegation", CONTENT_ENTRY)


@dataclass(frozen=True, slots=True)
class SiteFile:
    """What a site's file says; entries that cannot be read are left out and are among the problems.

    Attributes:
        offices: Entries `[[office]]`.
        teams: Entries `[[team]]`.
        outages: Declared outages, with their entries.
        hours: Rules of working time.
        overtime: Overtime of single offices, with its entries.
        allegations: Words of allegations, with their entries.
        content: What makes feedback of a low score, one entry at most.
        codes: Codes of all entries `[[office]]`, of those too that cannot be read.
    """

    offices: Sequence[SiteEntry]
    teams: Sequence[SiteEntry]
    outages: Sequence[tuple[TomlEntry, Outage]]
    hours: HourRules
    overtime: Sequence[tuple[TomlEntry, Overtime]]
    allegations: Sequence[tuple[TomlEntry, SitePhrase]]
    content: Sequence[tuple[TomlEntry, FeedbackContent]]
    codes: frozenset[str]


def read_text(path: Path) -> str:
    """The text of a file. Raises ReferenceDataError when it cannot be read, is too large or is not UTF-8."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ReferenceDataError(str(path), None, f"cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise ReferenceDataError(str(path), None, f"is larger than {MAX_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ReferenceDataError(str(path), line, "is not UTF-8 text: save it as UTF-8") from error


def read_site_file(file: str, text: str, problems: Problems) -> SiteFile:
    """What the text of a file says; its faults go to `problems`."""
    document = problems.take(partial(parse_toml, file, text)) or TomlDocument(file, {}, {})
    problems.found += _unknown(document)
    overtime = _read(document, "overtime", OVERTIME_VALUES, read_overtime, problems)
    return SiteFile(
        office_entries(document, problems),
        team_entries(document, problems),
        _read(document, "outage", OUTAGE_VALUES, read_outage, problems),
        _hours(document, overtime, problems),
        overtime,
        _read(document, "allegation", ALLEGATION_VALUES, read_allegation, problems),
        _content(document, problems),
        frozenset(str(entry.values.get("code")) for entry in problems.take(partial(document.tables, "office")) or ()),
    )


def _unknown(document: TomlDocument) -> list[ReferenceDataError]:
    """A fault for each name that is no kind of entry: what is misspelt must not be passed over."""
    faults = []
    for name in sorted(document.values.keys() - set(KINDS)):
        near = difflib.get_close_matches(name, KINDS, n=1)
        hint = f"did you mean [[{near[0]}]]?" if near else f"there are {', '.join(f'[[{kind}]]' for kind in KINDS)}"
        line = next(iter(document.lines.get(name, ())), None)
        faults.append(ReferenceDataError(document.file, line, f"{name} is no kind of entry; {hint}"))
    return faults


def _read(
    document: TomlDocument, name: str, values: Sequence[str], read: Callable[[TomlEntry], T], problems: Problems
) -> list[tuple[TomlEntry, T]]:
    tables = problems.take(partial(document.tables, name)) or []
    return problems.take_all(tables, lambda entry: read(entry.checked(values)))


def _content(document: TomlDocument, problems: Problems) -> list[tuple[TomlEntry, FeedbackContent]]:
    found = _read(document, CONTENT_ENTRY, CONTENT_VALUES, read_content, problems)
    problems.found += [entry.fail("there may be one such entry only") for entry, _content in found[1:]]
    return found


def _hours(document: TomlDocument, overtime: Sequence[tuple[TomlEntry, Overtime]], problems: Problems) -> HourRules:
    periods = _read(document, "period", PERIOD_VALUES, read_period, problems)
    off = _read(document, "day_off", DAY_VALUES, read_day, problems)
    worked = _read(document, "working_day", DAY_VALUES, read_day, problems)
    first_days: set[int] = set()
    for entry, period in periods:
        if period.valid_from in first_days:
            problems.found.append(entry.fail("another period begins on the same day"))
        first_days.add(period.valid_from)
    days_off = frozenset(day for _entry, day in off)
    problems.found += [entry.fail("is also a day_off") for entry, day in worked if day in days_off]
    return HourRules(
        tuple(period for _entry, period in periods),
        days_off,
        frozenset(day for _entry, day in worked),
        tuple(rule for _entry, rule in overtime),
    )
