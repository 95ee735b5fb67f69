"""What is said about files: progress, rejections, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from schemas.errors import Problem, Reason


class FileKind(StrEnum):
    """Which events a file holds; AUTO: told by the names of its fields."""

    AUTO = "auto"
    STATUS = "status"
    RATING = "rating"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One fault of one line; an event with several faults has several.

    Attributes:
        path: The file.
        line: Line number from 1; in an Avro file the number of the record; of a CSV rating its first row.
        field: Field or column, `line` for the line as a whole, `file` for the file.
        reason: Class of the fault.
        rule: What it must be; never a value.
    """

    path: Path
    line: int
    field: str
    reason: Reason
    rule: str

    def __str__(self) -> str:
        """As shown to a person."""
        return f"{self.path}:{self.line}: {self.field} {self.rule}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading has come.

    Attributes:
        path: The file being read.
        bytes_read: Bytes taken so far from all files, as they lie on disk.
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
    """What came of one file. An event is a status line, a rating line, or the rows of one rating revision in CSV.

    Attributes:
        path: The file.
        read: Events read; `sent + rejected`.
        sent: Events handed to Kafka; the publisher's `flush` says that Kafka has them.
        rejected: Events of which nothing was sent.
        doubtful_tax_codes: Events sent although the check digit of their tax code is wrong.
        complete: Whether it was read to its end; False when the file itself is damaged or unusable.
    """

    path: Path
    read: int = 0
    sent: int = 0
    rejected: int = 0
    doubtful_tax_codes: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True)
class FileReport:
    """What came of all files.

    Attributes:
        files: Counts of each file, in order.
        stopped: Whether the reading was stopped before the end.
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
class Parsed:
    """One event as a file holds it: fields, or why there are none.

    Attributes:
        line: Where it begins.
        fields: Names and values as the file has them; None when it could not be read.
        problems: Why not.
    """

    line: int
    fields: dict[str, object] | None
    problems: Sequence[Problem] = ()


class FileUnusable(Exception):
    """The file as a whole, or all that follows, cannot be read. Caught where the files are walked.

    Attributes:
        line: Where.
        problems: Why.
    """

    def __init__(self, line: int, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.line = line
        self.problems = problems


def fault(name: str, rule: str, reason: Reason = Reason.BAD_FIELD) -> Problem:
    """A problem of a field, a line or a file."""
    return Problem(name, reason, rule)
