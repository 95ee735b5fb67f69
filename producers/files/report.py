"""Data about an import of files: progress, rejections, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from schemas.errors import Problem, Reason


class FileKind(StrEnum):
    """Kind of the events in a file; AUTO: recognised by the names of its fields."""

    AUTO = "auto"
    STATUS = "status"
    RATING = "rating"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One fault of one line; an event with several faults has several rejections.

    Attributes:
        path: The file.
        line: Line number from 1. In an Avro file: the number of the record. Of a CSV rating: its first row.
        field: Field or column, `line` for the line as a whole, `file` for the file.
        reason: Class of the fault.
        rule: The rule it breaks; never a value.
    """

    path: Path
    line: int
    field: str
    reason: Reason
    rule: str

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.path}:{self.line}: {self.field} {self.rule}"


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is.

    Attributes:
        path: The file being read.
        bytes_read: Bytes read so far from all files, as stored on disk.
        bytes_total: Size of all files.
        events: Events read so far.
        rejected: How many of them were rejected.
    """

    path: Path
    bytes_read: int
    bytes_total: int
    events: int
    rejected: int


@dataclass(slots=True)
class FileCounts:
    """Counts of one file. An event is a status line, a rating line, or the rows of one rating revision in CSV.

    Attributes:
        path: The file.
        read: Events read; `sent + rejected`.
        sent: Events given to the publisher; once its `flush` returns, Kafka has them.
        rejected: Events that were not sent.
        doubtful_tax_codes: Events sent although the check digit of their tax code is wrong.
        complete: Whether the file was read to its end; False when it is damaged or unusable.
    """

    path: Path
    read: int = 0
    sent: int = 0
    rejected: int = 0
    doubtful_tax_codes: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True)
class FileReport:
    """Counts of all files of an import.

    Attributes:
        files: Counts of each file, in order.
        stopped: Whether the import was stopped before the end.
    """

    files: Sequence[FileCounts] = field(default=())
    stopped: bool = False

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
    """One event of a file, before it is checked: its fields, or why it cannot be read.

    Attributes:
        line: Line where it begins.
        fields: Names and values as in the file; None when it cannot be read.
        problems: Why it cannot be read.
    """

    line: int
    fields: dict[str, object] | None
    problems: Sequence[Problem] = ()


class FileUnusable(Exception):
    """A file, or the rest of it, cannot be read; `publish_files` catches it.

    Attributes:
        line: Line from which on it cannot be read.
        problems: Why.
    """

    def __init__(self, line: int, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.line = line
        self.problems = problems


def fault(name: str, rule: str, reason: Reason = Reason.BAD_FIELD) -> Problem:
    """A problem of a field, a line or a file."""
    return Problem(name, reason, rule)
