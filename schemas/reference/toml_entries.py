"""Reads values of TOML entries by type. A fault names the entry, because the parser gives no line numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar, cast

from schemas.reference.errors import ReferenceDataError
from schemas.reference.tables import Confidence
from schemas.reference.validity import Validity

_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class TomlEntry:
    """One entry of an array of tables. Its methods raise ReferenceDataError when a value breaks a rule.

    Attributes:
        file: Name of the file.
        where: Place of the entry, such as `period[0]`.
        values: Its values by name.
    """

    file: str
    where: str
    values: dict[str, object]

    def fail(self, problem: str) -> ReferenceDataError:
        """The error that says what is wrong with this entry."""
        return ReferenceDataError(self.file, None, f"{self.where}: {problem}")

    def text(self, name: str) -> str:
        """A string that is not empty."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            raise self.fail(f"{name} must be a string")
        return value

    def integer(self, name: str) -> int:
        """A whole number above zero."""
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.fail(f"{name} must be a whole number above 0")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false when missing."""
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise self.fail(f"{name} must be true or false")
        return value

    def day(self, name: str) -> date:
        """A date."""
        value = self.values.get(name)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.fail(f"{name} must be a date such as 2026-01-02")
        return value

    def choice(self, name: str, kind: type[_E]) -> _E:
        """One of the words of an enumeration."""
        value = self.text(name)
        try:
            return kind(value)
        except ValueError:
            raise self.fail(f"{name} {value!r} is none of {', '.join(kind)}") from None

    def confidence(self) -> Confidence:
        """C, P or U."""
        return self.choice("confidence", Confidence)

    def validity(self) -> Validity:
        """The period that `valid_from` and `valid_to` give; either may be missing: open."""
        start = self.day("valid_from") if "valid_from" in self.values else None
        end = self.day("valid_to") if "valid_to" in self.values else None
        try:
            return Validity.between(start, end)
        except ValueError as error:
            raise self.fail(str(error)) from None

    def items(self, name: str) -> list[object]:
        """An array that is not empty."""
        value = self.values.get(name)
        if not isinstance(value, list) or not value:
            raise self.fail(f"{name} must be an array that is not empty")
        return value


def entries(file: str, document: dict[str, object], name: str, values: Sequence[str]) -> list[TomlEntry]:
    """The entries `[[name]]` of a document; none when there is no such array.

    An entry has the named values, and always its confidence and source. Other names are refused: a misspelt name must
    not count as a missing value.
    """
    found = document.get(name, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise ReferenceDataError(file, None, f"{name} must be written as [[{name}]]")
    checked = [TomlEntry(file, f"{name}[{n}]", cast("dict[str, object]", entry)) for n, entry in enumerate(found)]
    for entry in checked:
        unknown = sorted(set(entry.values) - {*values, "confidence", "source"})
        if unknown:
            raise entry.fail(f"unknown {', '.join(unknown)}")
        entry.confidence()
        entry.text("source")
    return checked
