"""Declared outages. Source: `data/outages.toml`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache

from schemas.reference.tables import data_text
from schemas.reference.toml_entries import TomlEntry, parse_toml
from schemas.reference.validity import UTC_OFFSET_MS

_FILE = "outages.toml"
OUTAGE_VALUES = ("from", "until", "offices", "what")
_LOCAL = timezone(timedelta(milliseconds=UTC_OFFSET_MS))


@dataclass(frozen=True, slots=True)
class Outage:
    """A period whose ratings say nothing about an office.

    Attributes:
        start: Begin, epoch milliseconds.
        end: End, exclusive.
        offices: Codes of the affected offices; empty: all.
    """

    start: int
    end: int
    offices: frozenset[str]

    def covers(self, office: str, at_ms: int) -> bool:
        """Whether an office was affected at an instant."""
        return self.start <= at_ms < self.end and (not self.offices or office in self.offices)


def _instant(entry: TomlEntry, name: str) -> int:
    value = entry.values.get(name)
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise entry.fail(f"{name} must be a local time such as 2024-08-06T00:00:00")
    return round(value.replace(tzinfo=_LOCAL).timestamp() * 1000)


def read_outage(entry: TomlEntry) -> Outage:
    """The outage of one entry. Raises ReferenceDataError when a value is wrong."""
    entry.text("what")
    start, end = _instant(entry, "from"), _instant(entry, "until")
    if start >= end:
        raise entry.fail("until must lie after from")
    offices = entry.items("offices") if "offices" in entry.values else []
    if not all(isinstance(code, str) for code in offices):
        raise entry.fail("offices must be codes")
    return Outage(start, end, frozenset(map(str, offices)))


def parse_outages(text: str) -> tuple[Outage, ...]:
    """The outages of a TOML text, in order of time. Raises ReferenceDataError where an entry is wrong."""
    return in_order(map(read_outage, parse_toml(_FILE, text).entries("outage", OUTAGE_VALUES)))


def in_order(outages: Iterable[Outage]) -> tuple[Outage, ...]:
    """Outages in order of time."""
    return tuple(sorted(outages, key=lambda outage: (outage.start, outage.end, sorted(outage.offices))))


@cache
def load_outages() -> tuple[Outage, ...]:
    """The outages of the data file. Raises ReferenceDataError when it is broken."""
    return parse_outages(data_text(_FILE))
