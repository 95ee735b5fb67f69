"""Local days of Viet Nam, and periods of them.

Viet Nam has kept UTC+7 without summer time since 1975, so local days are plain arithmetic on epoch milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

DAY_MS = 86_400_000
UTC_OFFSET_MS = 7 * 3_600_000
_EPOCH = date(1970, 1, 1).toordinal()
_OPEN = 2**62


def epoch_day(day: date) -> int:
    """Days from 1 January 1970 to `day`."""
    return day.toordinal() - _EPOCH


def local_day(at_ms: int) -> int:
    """The local day of an instant, in days since 1 January 1970."""
    return (at_ms + UTC_OFFSET_MS) // DAY_MS


def day_start_ms(day: int) -> int:
    """The instant (epoch milliseconds, UTC) at which a local day begins."""
    return day * DAY_MS - UTC_OFFSET_MS


@dataclass(frozen=True, slots=True)
class Validity:
    """A half-open period of local days.

    Attributes:
        valid_from: First day; None when open.
        valid_to: First day after it; None when open.
        from_ms: The instant at which it begins (epoch milliseconds, UTC).
        to_ms: The instant at which it ends, exclusive.
    """

    valid_from: date | None
    valid_to: date | None
    from_ms: int
    to_ms: int

    @classmethod
    def between(cls, valid_from: date | None, valid_to: date | None) -> Validity:
        """The period from one day up to another. Raises ValueError when it would be empty."""
        from_ms = -_OPEN if valid_from is None else day_start_ms(epoch_day(valid_from))
        to_ms = _OPEN if valid_to is None else day_start_ms(epoch_day(valid_to))
        if from_ms >= to_ms:
            raise ValueError(f"valid_to {valid_to} must lie after valid_from {valid_from}")
        return cls(valid_from, valid_to, from_ms, to_ms)

    def covers(self, at_ms: int) -> bool:
        """Whether an instant lies in the period."""
        return self.from_ms <= at_ms < self.to_ms


def overlapping(periods: Iterable[Validity]) -> bool:
    """Whether any two of the periods share an instant."""
    ordered = sorted(periods, key=lambda period: period.from_ms)
    return any(earlier.to_ms > later.from_ms for earlier, later in pairwise(ordered))
