"""The errors of hailong: each class tells the caller what to do.

=====================  ==========================================================================
class                  what the caller does
=====================  ==========================================================================
`PoisonRecord`         sets this one record aside as a dead letter and goes on
`SystemFault`          stops with a message: an operator must act (wrong password, missing table)
`Unavailable`          pauses and tries again without end: nothing was done
`OutcomeUnknown`       repeats the identical request: it may or may not have been done
`ConfigurationError`   refuses to start and lists every problem at once
=====================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a record was set aside. Part of the contract: the `dead-letter` topic holds these words."""

    EMPTY = "EMPTY"
    TOO_LARGE = "TOO_LARGE"
    NOT_FRAMED = "NOT_FRAMED"
    UNKNOWN_SCHEMA = "UNKNOWN_SCHEMA"
    CORRUPT = "CORRUPT"
    KEY_MISMATCH = "KEY_MISMATCH"
    BAD_FIELD = "BAD_FIELD"
    BAD_TIME = "BAD_TIME"
    REFUSED_BY_CLICKHOUSE = "REFUSED_BY_CLICKHOUSE"


class HailongError(Exception):
    """Base of all errors that hailong raises itself."""


class PoisonRecord(HailongError):
    """One record can never be processed as it is.

    Args:
        reason: The class of fault.
        detail: The field and the rule it broke, never its value: details are listed and logged.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class SystemFault(HailongError):
    """Only an operator can repair this, and going on would do harm."""


class Unavailable(HailongError):
    """A server does not answer. Nothing was done; the same request may be repeated later."""


class OutcomeUnknown(HailongError):
    """A request was sent and its answer was lost. Repeating it identically is safe, dropping it is not."""


class ConfigurationError(HailongError):
    """Settings that cannot work.

    Args:
        problems: All of them, one sentence each, so that they can be corrected at once.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: Sequence[str] = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of one field, for people who correct their data.

    Attributes:
        field: Path of the field, such as `items[2].score`.
        reason: Class of the fault.
        rule: What the field must be; never its value.
    """

    field: str
    reason: Reason
    rule: str

    def __str__(self) -> str:
        """The field and its rule, as shown to a person."""
        return f"{self.field} {self.rule}"
