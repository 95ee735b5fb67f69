"""Data about an import of files: progress, rejections, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from schemas.errors import Problem, Reason

STANDARD_INPUT = Path("-")
"""The path that stands for standard input, as on a command line."""

MAX_NAMES = 20
"""Number of names of fields that are remembered of a file, or faults that are told of one event."""


class FileKind(StrEnum):
    """Kind of the events in a file; AUTO: recognised by the names of its fields."""

    AUTO = "auto"
    STATUS = "status"
    RATING = "rating"
    ACTION = "action"


class FileFormat(StrEnum):
    """Format of a file; AUTO: found from the first bytes and the suffix."""

    AUTO = "auto"
    JSONL = "jsonl"
    CSV = "csv"
    AVRO = "avro"


def shown(path: Path) -> str:
    """Name of a file for people."""
    return "standard input" if path == STANDARD_INPUT else str(path)


@dataclass(frozen=True, slots=True)
class Rejection:
    """One fault of one line; an event with several faults has several rejections."""

    path: Path
    line: int  # line number from 1. In an Avro file: the number of the record. Of a CSV rating: its first row
    field: str  # field or column, `line` for the line as a whole, `file` for the file
    reason: Reason  # class of the fault
    rule: str  # the rule it breaks; never a value

    def __str__(self) -> str:
        """One line for a person."""
        place = shown(self.path) if self.field == "file" and self.line <= 1 else f"{shown(self.path)}:{self.line}"
        return f"{place}: {self.rule}" if self.field == "file" else f"{place}: {self.field} {self.rule}"


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is."""

    bytes_read: int  # bytes read so far from all files, as stored on disk
    bytes_total: int | None  # size of all files; None when one of them is a stream
    events: int  # events read so far


@dataclass(slots=True)
class FileCounts:
    """Counts of one file. An event is a status line, a rating line, or the rows of one rating revision in CSV."""

    path: Path
    read: int = 0  # events read; `sent + rejected`
    sent: int = 0  # events given to the publisher; once its `flush` returns, Kafka has them
    rejected: int = 0  # events that were not sent
    doubtful_tax_codes: int = 0  # events sent although the check digit of their tax code is wrong
    complete: bool = True  # whether the file was read to its end; False when it is damaged or unusable
    last_line: int = 0  # line of the last event read
    ignored: set[str] = field(default_factory=set)  # names of unknown fields that were passed over, at most MAX_NAMES


@dataclass(frozen=True, slots=True)
class AmendmentDoubt:
    """What speaks against taking the 12th digit of declaration numbers as a count of amendments.

    All counts are of declarations: numbers that share their first 11 digits.
    """

    several: int  # have more than one number
    enterprises: int  # of these, belong to different enterprises
    registrations: int  # of these, were registered more than two months apart
    crowded: int  # of these, have five numbers or more
    share: int  # the counts are of one in so many declarations of the import
    example: tuple[Path, int] | None  # file and line of the first contradiction


@dataclass(frozen=True, slots=True)
class FileReport:
    """Counts of all files of an import."""

    files: Sequence[FileCounts]  # in order
    stopped: bool = False  # whether the import was stopped before the end
    unknown_offices: Mapping[str, int] = field(default_factory=dict)  # events sent, by code not known at their time
    amendment_doubt: AmendmentDoubt | None = None  # whether declaration numbers seem to be used otherwise

    @property
    def read(self) -> int:
        """Events read."""
        return sum(counts.read for counts in self.files)

    @property
    def sent(self) -> int:
        """Events sent."""
        return sum(counts.sent for counts in self.files)

    @property
    def rejected(self) -> int:
        """Events rejected."""
        return sum(counts.rejected for counts in self.files)

    @property
    def doubtful_tax_codes(self) -> int:
        """Events sent with a tax code whose check digit is wrong."""
        return sum(counts.doubtful_tax_codes for counts in self.files)

    @property
    def clean(self) -> bool:
        """Whether every event of every file was sent."""
        return not self.stopped and not self.rejected and all(counts.complete for counts in self.files)


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """One event of a file, before it is checked: its fields, or why it cannot be read."""

    line: int  # line where it begins
    fields: dict[str, object] | None  # names and values as in the file; None when it cannot be read
    problems: Sequence[Problem] = ()  # why it cannot be read
    events: int = 1  # how many events it stands for: more than one for a damaged block of an Avro file


class FileUnusable(Exception):
    """A file cannot be read from this line on; `publish_files` catches it."""

    def __init__(self, line: int, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.line = line
        self.problems = problems


def unreadable(line: int, rule: str) -> ParsedLine:
    """A line that cannot be read, with the rule that it breaks."""
    return ParsedLine(line, None, [fault("line", rule)])


def fault(name: str, rule: str, reason: Reason = Reason.BAD_FIELD) -> Problem:
    """A problem of a field, a line or a file."""
    return Problem(name, reason, rule)
