"""The statuses of one declaration, and how long its steps took: what docs/contract.md and docs/scores.md define."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.published.history import Status
from benchmarks.published.working_time import WorkingTime

PERMITTED = {"STORAGE_PERMITTED", "RELEASED", "CLEARED"}
DOCUMENT_LIMIT, GOODS_LIMIT = 120, 480
"""Legal limits of the two checks, working minutes."""

_ORDER = (
    "REGISTERED",
    "CHANNEL_ASSIGNED",
    "DOCUMENTS_CHECKED",
    "INSPECTION_REQUIRED",
    "GOODS_INSPECTED",
    "CLEARED",
    "CANCELLED",
)
"""The order of a life, for statuses of one instant."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Working minutes of the steps, done or running; None where a step did not begin."""

    documents: int | None
    goods: int | None
    clearance: int | None

    @property
    def on_time(self) -> bool | None:
        """Whether both checks were within their limits; None if there was none."""
        if self.documents is None and self.goods is None:
            return None
        return (self.documents or 0) <= DOCUMENT_LIMIT and (self.goods or 0) <= GOODS_LIMIT


class Life:
    """A declaration with the statuses that were known at some time, in any order."""

    def __init__(self, statuses: Iterable[Status]) -> None:
        self.statuses: Sequence[Status] = sorted(statuses, key=lambda status: (status.at, _ORDER.index(status.status)))

    def until(self, at: int) -> Life:
        """The same declaration as of a time: that time included."""
        return Life(status for status in self.statuses if status.at <= at)

    def first(self, *names: str, since: int = 0) -> int | None:
        """When one of these statuses was first reached, not before a time."""
        return next((status.at for status in self.statuses if status.status in names and status.at >= since), None)

    def last_of(self, field: str) -> str:
        """The newest value of a field that is not empty, or an empty text."""
        return next((value for status in reversed(self.statuses) if (value := getattr(status, field))), "")

    @property
    def channel_from(self) -> int | None:
        """When a channel with a check was first assigned."""
        return next(
            (s.at for s in self.statuses if s.status == "CHANNEL_ASSIGNED" and s.channel in {"YELLOW", "RED"}), None
        )

    def steps(self, now: int, calendar: WorkingTime) -> Steps:
        """The steps as of a time at which none of the statuses is in the future."""
        registered = self.first("REGISTERED")
        permitted = self.first(*PERMITTED)
        return Steps(
            self._check(self.channel_from, ("DOCUMENTS_CHECKED",), now, calendar),
            self._check(self.first("INSPECTION_REQUIRED"), ("GOODS_INSPECTED", "INSPECTION_WITHDRAWN"), now, calendar),
            None if registered is None else calendar.minutes(registered, now if permitted is None else permitted),
        )

    def _check(self, start: int | None, ends: tuple[str, ...], now: int, calendar: WorkingTime) -> int | None:
        """A check ends as reported; without a report with storage, release, clearance or cancellation; else it runs."""
        if start is None:
            return None
        end = self.first(*ends, since=start)
        if end is None:
            end = self.first(*PERMITTED, "CANCELLED")
        return calendar.minutes(start, now if end is None else end)
