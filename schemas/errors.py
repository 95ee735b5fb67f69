"""The errors of hailong: a small tree in which each class has one meaning.

=====================  ==========================================================================
class                  what the caller does
=====================  ==========================================================================
`PoisonRecord`         sets this one record aside, with its reason and raw bytes, and goes on
`SystemFault`          stops and says so: an operator must act (wrong password, missing table)
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
    """Why a record was set aside. Part of the contract: these words stand in the `dead-letter` topic."""

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
    """Everything that hailong raises on purpose."""


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
    """Something that only an operator can mend is wrong; going on would do harm."""


class Unavailable(HailongError):
    """A server does not answer. Nothing was done; the same request may be made later."""


class OutcomeUnknown(HailongError):
    """A request was sent and its answer was lost. Repeating it identically is safe, dropping it is not."""


class ConfigurationError(HailongError):
    """Settings that cannot work.

    Args:
        problems: All of them, one sentence each, so that they can be mended in one go.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: Sequence[str] = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of one field, for people who mend their data.

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
