"""Reads TOML files of `[[name]]` entries; every value is checked by type, and a fault names the entry and its line.

The parser gives no line numbers for values, so a line is that of the heading of the entry.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar, cast

from schemas.reference.errors import ReferenceDataError
from schemas.reference.tables import Confidence
from schemas.reference.validity import Validity

_E = TypeVar("_E", bound=StrEnum)
_HEADING = re.compile(r"\s*\[\[\s*(\w+)\s*\]\]")


@dataclass(frozen=True, slots=True)
class TomlEntry:
    """One entry of an array of tables. Its methods raise ReferenceDataError when a value breaks a rule.

    Attributes:
        file: Name of the file.
        line: Line of its heading, counted from 1; None when it is not known.
        where: Place of the entry, such as `period[0]`.
        values: Its values by name.
    """

    file: str
    line: int | None
    where: str
    values: dict[str, object]

    def fail(self, problem: str) -> ReferenceDataError:
        """The error that says what is wrong with this entry."""
        return ReferenceDataError(self.file, self.line, f"{self.where}: {problem}")

    def value(self, name: str) -> object:
        """A value that must be there."""
        if name not in self.values:
            raise self.fail(f"{name} is missing")
        return self.values[name]

    def text(self, name: str) -> str:
        """A string that is not empty."""
        value = self.value(name)
        if not isinstance(value, str) or not value:
            raise self.fail(f"{name} must be a string")
        return value

    def integer(self, name: str) -> int:
        """A whole number above zero."""
        value = self.value(name)
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
        value = self.value(name)
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

    def checked(self, values: Sequence[str]) -> TomlEntry:
        """Itself, if it has its confidence and source, and no names but these and `values`."""
        self.refuse_unknown((*values, "confidence", "source"))
        self.confidence()
        self.text("source")
        return self

    def refuse_unknown(self, names: Sequence[str]) -> None:
        """Refuse other names than these: a misspelt name must not count as a missing value."""
        unknown = sorted(self.values.keys() - set(names))
        if unknown:
            raise self.fail(f"unknown {', '.join(unknown)}; the names are {', '.join(names)}")

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
        value = self.value(name)
        if not isinstance(value, list) or not value:
            raise self.fail(f"{name} must be an array that is not empty")
        return value


@dataclass(frozen=True, slots=True)
class TomlDocument:
    """A file of `[[name]]` entries.

    Attributes:
        file: Name of the file.
        values: The document.
        lines: Lines of the headings `[[name]]`, by name, in order.
    """

    file: str
    values: Mapping[str, object]
    lines: Mapping[str, Sequence[int]]

    def tables(self, name: str) -> list[TomlEntry]:
        """The entries `[[name]]`, unchecked; none when there is no such array."""
        found = self.values.get(name, [])
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            raise ReferenceDataError(self.file, None, f"{name} must be written as [[{name}]]")
        lines: Sequence[int | None] = self.lines.get(name, ())
        if len(lines) != len(found):  # written as name = [{...}], or a heading stands inside a text
            lines = [None] * len(found)
        return [
            TomlEntry(self.file, line, f"{name}[{n}]", cast("dict[str, object]", entry))
            for n, (line, entry) in enumerate(zip(lines, found, strict=True))
        ]

    def entries(self, name: str, values: Sequence[str]) -> list[TomlEntry]:
        """The entries `[[name]]`, each of them with values of these names, a confidence and a source."""
        return [entry.checked(values) for entry in self.tables(name)]


def parse_toml(file: str, text: str) -> TomlDocument:
    """A TOML document. Raises ReferenceDataError with the line of a syntax fault."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise ReferenceDataError(file, int(line[1]) if line else None, str(error)) from error
    lines: dict[str, list[int]] = {}
    for number, content in enumerate(text.split("\n"), 1):
        if heading := _HEADING.match(content):
            lines.setdefault(heading[1], []).append(number)
    return TomlDocument(file, values, lines)
