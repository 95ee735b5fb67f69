"""Reads data files: CSV with comment lines, every cell checked, every fault reported with its line.

A data file is UTF-8. Lines that begin with `#` before the heading are comments. The heading must name exactly the
expected columns, in order. Each row names its confidence (C, P or U) and its source.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from operator import attrgetter
from types import MappingProxyType, NoneType, UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from schemas.reference.errors import ReferenceDataError
from schemas.reference.validity import Validity, overlapping

_E = TypeVar("_E", bound=StrEnum)
_T = TypeVar("_T")
_K = TypeVar("_K")


class Confidence(StrEnum):
    """How far a row can be trusted."""

    CONFIRMED = "C"
    PROBABLE = "P"
    UNVERIFIED = "U"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a data file. Its methods read cells and raise ReferenceDataError when a cell breaks a rule."""

    file: str
    line: int
    cells: dict[str, str]

    def fail(self, problem: str) -> ReferenceDataError:
        """The error that says what is wrong with this row."""
        return ReferenceDataError(self.file, self.line, problem)

    def text(self, column: str) -> str:
        """A cell that must not be empty."""
        value = self.cells[column]
        if not value:
            raise self.fail(f"{column} is empty")
        return value

    def optional(self, column: str) -> str | None:
        """A cell, or None when it is empty."""
        return self.cells[column] or None

    def matching(self, column: str, pattern: str) -> str:
        """A cell that matches a regular expression as a whole."""
        value = self.text(column)
        if re.fullmatch(pattern, value) is None:
            raise self.fail(f"{column} {value!r} does not match {pattern}")
        return value

    def choice(self, column: str, words: type[_E]) -> _E:
        """A cell that holds one of the words of an enumeration."""
        value = self.text(column)
        try:
            return words(value)
        except ValueError:
            raise self.fail(f"{column} {value!r} is none of {', '.join(words)}") from None

    def record(self, kind: type[_T], patterns: Mapping[str, str] | None = None, **given: object) -> _T:
        """A dataclass whose fields are read from the cells of their names, by their types.

        Args:
            kind: The dataclass. A field that may be None is None where its cell is empty.
            patterns: Regular expressions for texts and numbers, by field.
            **given: Fields that are not read.
        """
        wanted = {name: hint for name, hint in _hints(kind).items() if name not in given}  # type: ignore[arg-type]  # mypy takes classes for unhashable
        read = {name: self._typed(name, hint, (patterns or {}).get(name)) for name, hint in wanted.items()}
        return kind(**read, **given)

    def _typed(self, column: str, hint: Any, pattern: str | None) -> object:
        if isinstance(hint, UnionType):
            if not self.cells[column]:
                return None
            (hint,) = set(get_args(hint)) - {NoneType}
        if hint is bool:
            return self.matching(column, "yes|no") == "yes"
        if hint is int:
            return int(self.matching(column, pattern or "[0-9]{1,9}"))
        if hint is str:
            return self.text(column) if pattern is None else self.matching(column, pattern)
        return self.choice(column, hint)

    def validity(self) -> Validity:
        """The period that `valid_from` (required) and `valid_to` (empty: open) give."""
        try:
            start = date.fromisoformat(self.text("valid_from"))
            end = self.optional("valid_to")
            return Validity.between(start, None if end is None else date.fromisoformat(end))
        except ValueError as error:
            raise self.fail(str(error)) from None


def data_text(file: str) -> str:
    """The text of a data file of this package. Raises ReferenceDataError when it is missing or not UTF-8."""
    try:
        return resources.files("schemas.reference").joinpath("data", file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReferenceDataError(file, None, f"cannot be read: {error}") from error


def parse_table(file: str, text: str, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a CSV text. Raises ReferenceDataError for a wrong heading or a row of another width."""
    lines = text.splitlines()
    skipped = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    reader = csv.reader(lines[skipped:], strict=True)
    try:
        heading = next(reader, [])
        if heading != list(columns):
            raise ReferenceDataError(file, skipped + 1, f"the heading must be {','.join(columns)}")
        for cells in reader:
            line = skipped + reader.line_num
            if len(cells) != len(columns):
                raise ReferenceDataError(file, line, f"has {len(cells)} cells, not {len(columns)}")
            yield Row(file, line, dict(zip(columns, cells, strict=True)))
    except csv.Error as error:
        raise ReferenceDataError(file, skipped + reader.line_num, str(error)) from error


def read_keyed(file: str, kind: type[_T], build: Callable[[Row], _T]) -> Mapping[Any, _T]:
    """The records of a data file by their first field, in its order. The columns are the fields of `kind`."""
    columns = tuple(_hints(kind))  # type: ignore[arg-type]  # mypy takes classes for unhashable
    return unique(parse_table(file, data_text(file), columns), build, attrgetter(columns[0]))


def unique(rows: Iterable[Row], build: Callable[[Row], _T], key: Callable[[_T], _K]) -> Mapping[_K, _T]:
    """The records built from rows, by key. Raises ReferenceDataError at the second row of one key."""
    found: dict[_K, _T] = {}
    for row in rows:
        record = build(row)
        if key(record) in found:
            raise row.fail(f"{key(record)} stands twice")
        found[key(record)] = record
    return MappingProxyType(found)


@cache
def _hints(kind: type[Any]) -> Mapping[str, Any]:
    return get_type_hints(kind)


def add_version(row: Row, versions: list[tuple[Validity, _T]], validity: Validity, record: _T) -> None:
    """Adds one dated version of a record. Raises ReferenceDataError when it overlaps an earlier one."""
    if overlapping([validity, *(known for known, _ in versions)]):
        raise row.fail("overlaps another version of the same key")
    versions.append((validity, record))


def version_at(versions: Sequence[tuple[Validity, _T]], at_ms: int) -> _T | None:
    """The version that holds at an instant, or None."""
    for validity, record in versions:
        if validity.from_ms <= at_ms < validity.to_ms:
            return record
    return None
