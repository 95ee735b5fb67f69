"""How long rows are kept, as a site wants it. Its own module: reading settings must not load the driver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from schemas.options import Checked

LEAST_DAYS = 62
"""Satisfaction now is summed over 30 days, and months are dropped whole."""


@dataclass(frozen=True, slots=True)
class Retention(Checked):
    """How long rows are kept in ClickHouse, in days; None: for ever. Months are kept or dropped as a whole."""

    declarations_days: int | None = None  # since their registration: statuses, ratings, facts and their copies
    satisfaction_days: int | None = None  # since the end of the window: satisfaction and counts of offices

    def _problems(self) -> Iterator[str]:
        for name, days in asdict(self).items():
            if days is not None and days < LEAST_DAYS:
                yield f"{name} must be at least {LEAST_DAYS}"


KEEP_ALL = Retention()
