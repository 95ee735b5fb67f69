"""The entries `[[office]]` and `[[team]]` of a site's file, each value checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from schemas.reference.offices import TOP_UNIT, Level
from schemas.reference.site.problems import Problems
from schemas.reference.toml_entries import TomlDocument, TomlEntry
from schemas.validation import rules

Reader = Callable[[TomlEntry, str], object]

MAX_NAME = 200
YEARS = range(1970, 2149)
"""Years that ClickHouse's type Date can hold."""

_CODED = (Level.OFFICE, Level.DIVISION)
"""Levels whose codes events can name."""


@dataclass(frozen=True, slots=True)
class SiteEntry:
    """One entry.

    Attributes:
        entry: The entry as it was written.
        key: Code of the office; or of office and team.
        given: Values of the version, by field of `Office` or `Team`; dates `valid_from` and `valid_to`.
        corrects: First day of the version of the package that it changes; None: it adds a version.
        withdrawn: Whether that version is taken away.
    """

    entry: TomlEntry
    key: tuple[str, ...]
    given: Mapping[str, Any]
    corrects: date | None
    withdrawn: bool


def _coded(entry: TomlEntry, name: str, rule: rules.TextRule) -> str:
    code = entry.text(name)
    if not rule.accepts(code):
        raise entry.fail(f"{name} {code!r} {rule.rule}")
    if code == TOP_UNIT:
        raise entry.fail(f"{name} must not be {TOP_UNIT}, which stands for the head of customs")
    return code


def _name(entry: TomlEntry, name: str) -> str:
    text = entry.text(name)
    if len(text) > MAX_NAME or not text.isprintable():
        raise entry.fail(f"{name} must have at most {MAX_NAME} printable characters")
    return text


def _day(entry: TomlEntry, name: str) -> date:
    day = entry.day(name)
    if day.year not in YEARS:
        raise entry.fail(f"{name} must lie between {YEARS[0]} and {YEARS[-1]}")
    return day


_unit = partial(_coded, rule=rules.UNIT)
_office = partial(_coded, rule=rules.OFFICE)
_team = partial(_coded, rule=rules.TEAM)

_VERSION: Mapping[str, Reader] = {
    "name_vi": _name,
    "valid_from": _day,
    "valid_to": _day,
    "confidence": lambda entry, _name: entry.confidence(),
    "source": _name,
    "corrects": _day,
    "withdrawn": lambda entry, name: entry.flag(name),
}
_OFFICE_VALUES: Mapping[str, Reader] = {
    "code": _unit,
    **_VERSION,
    "level": lambda entry, name: entry.choice(name, Level),
    "parent": _unit,
    "successor": _unit,
}
_TEAM_VALUES: Mapping[str, Reader] = {"office": _office, "team": _team, **_VERSION}


def office_entries(document: TomlDocument, problems: Problems) -> list[SiteEntry]:
    """The entries `[[office]]` that can be read; the faults of the others go to `problems`."""
    found = _entries(document, "office", _OFFICE_VALUES, ("code",), problems)
    return [one for one in found if problems.take(partial(_fitting, one)) is not None]


def team_entries(document: TomlDocument, problems: Problems) -> list[SiteEntry]:
    """The entries `[[team]]` that can be read; the faults of the others go to `problems`."""
    return _entries(document, "team", _TEAM_VALUES, ("office", "team"), problems)


def _fitting(one: SiteEntry) -> SiteEntry:
    """Itself, if events can name its code where they must."""
    level = one.given.get("level", None if one.corrects else Level.OFFICE)
    if level in _CODED and not rules.OFFICE.accepts(one.key[0]):
        raise one.entry.fail(f"code {one.key[0]!r} {rules.OFFICE.rule}, for level {level}")
    return one


def _entries(
    document: TomlDocument, name: str, values: Mapping[str, Reader], keys: tuple[str, ...], problems: Problems
) -> list[SiteEntry]:
    tables = problems.take(partial(document.tables, name)) or []
    found = (_entry(entry, name, values, keys, problems) for entry in tables)
    return [one for one in found if one is not None]


def _entry(
    entry: TomlEntry, kind: str, values: Mapping[str, Reader], keys: tuple[str, ...], problems: Problems
) -> SiteEntry | None:
    before = len(problems.found)
    problems.take(partial(entry.refuse_unknown, tuple(values)))
    key = tuple(problems.take(partial(values[name], entry, name)) for name in keys)
    if None not in key:
        entry = replace(entry, where=" ".join((kind, *map(str, key))))
    corrects = "corrects" in entry.values
    needed = {"confidence", "source", *(() if corrects else ("name_vi", "valid_from"))}
    given: dict[str, Any] = {
        name: problems.take(partial(read, entry, name))
        for name, read in values.items()
        if name not in keys and (name in entry.values or name in needed)
    }
    if len(problems.found) > before:
        return None
    one = SiteEntry(
        entry, tuple(map(str, key)), given, given.pop("corrects", None), bool(given.pop("withdrawn", False))
    )
    return problems.take(partial(_consistent, one))


def _consistent(one: SiteEntry) -> SiteEntry:
    """Itself, if what it does is clear."""
    changes = one.given.keys() - {"confidence", "source"}
    if one.withdrawn and one.corrects is None:
        raise one.entry.fail("withdrawn needs corrects: the first day of the version that is taken away")
    if one.withdrawn and changes:
        raise one.entry.fail(f"a version that is withdrawn cannot have {', '.join(sorted(changes))}")
    if one.corrects is not None and not one.withdrawn and not changes:
        raise one.entry.fail("corrects a version, but says nothing new about it")
    return one
