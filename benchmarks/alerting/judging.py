"""Counts false alarms, and how many of the planted problems were found, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.alerting.world import DAY_MS, START, Ratings

MONTH_DAYS = 30.4
WARM_UP_DAYS = 120
"""Days at the start when detectors have no baseline; alarms and planted problems do not count."""
AFTER_DAYS = 3
"""An alarm up to this many days after the end of a problem still finds it."""
QUIET_DAYS = 14
"""An alarm up to this many days after the end of a problem is not false."""


@dataclass
class Tally:
    """The results of one detector.

    Attributes:
        office_months: Time watched without a problem.
        false_alarms: Alarms in that time.
        planted: Number of planted problems.
        ratings: For each found problem, the ratings of the office from its start to the alarm.
        days: For each found problem, the days from its start to the alarm.
    """

    office_months: float = 0.0
    false_alarms: int = 0
    planted: int = 0
    ratings: list[int] = field(default_factory=list)
    days: list[float] = field(default_factory=list)

    @property
    def found(self) -> float:
        """Share of the problems that were found."""
        return len(self.days) / self.planted if self.planted else float("nan")

    def median(self, values: Sequence[float]) -> float:
        """Median over all planted problems; a problem that was not found counts as infinite."""
        missing = self.planted - len(values)
        return float(np.median([*values, *[np.inf] * missing])) if self.planted else float("nan")

    def figures(self) -> dict[str, float | int | None]:
        """The figures of the report; None for never."""
        ratings, days = self.median(self.ratings), self.median(self.days)
        return {
            "false_alarms_per_office_month": round(self.false_alarms / self.office_months, 4),
            "false_alarms": self.false_alarms,
            "office_months": round(self.office_months, 1),
            "planted": self.planted,
            "found": round(self.found, 3) if self.planted else None,
            "median_ratings": round(ratings) if np.isfinite(ratings) else None,
            "median_days": round(days, 2) if np.isfinite(days) else None,
        }


def judge(tally: Tally, ratings: Ratings, episodes: Sequence[tuple[int, int]]) -> None:
    """Count the alarms of one office."""
    begin = START + WARM_UP_DAYS * DAY_MS
    watched = (int(ratings.at[-1]) - begin) / DAY_MS
    spans = [(START + p.first * DAY_MS, START + (p.first + p.days) * DAY_MS) for p in ratings.plants]
    for start, end in spans:
        watched -= (end - start) / DAY_MS + QUIET_DAYS
        if any(raised <= start < cleared for raised, cleared in episodes):
            continue  # an alarm was already open, so this problem cannot be evaluated
        tally.planted += 1
        hit = next((raised for raised, _ in episodes if start < raised <= end + AFTER_DAYS * DAY_MS), None)
        if hit is not None:
            tally.days.append((hit - start) / DAY_MS)
            tally.ratings.append(int(((ratings.at >= start) & (ratings.at <= hit)).sum()))
    tally.office_months += max(0.0, watched) / MONTH_DAYS
    tally.false_alarms += sum(
        raised >= begin and not any(start <= raised <= end + QUIET_DAYS * DAY_MS for start, end in spans)
        for raised, _ in episodes
    )
