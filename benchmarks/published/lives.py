"""The statuses of one declaration, and how long its steps took, as docs/contract.md defines it.

Supplements, which stop the clock of a check, are left out: no published set has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

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
    """Working minutes of the longest round of each step, done or running; None where a step did not begin."""

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

    def first(self, *names: str) -> int | None:
        """When one of these statuses was first reached."""
        return next((status.at for status in self.statuses if status.status in names), None)

    def last_of(self, field: str) -> str:
        """The newest value of a field that is not empty, or an empty text."""
        return next((value for status in reversed(self.statuses) if (value := getattr(status, field))), "")

    def steps(self, now: int, calendar: WorkingTime) -> Steps:
        """The steps as of a time at which none of the statuses is in the future."""
        documents, goods = (self._longest(step, now, calendar) for step in ("DOCUMENT_CHECK", "GOODS_INSPECTION"))
        return Steps(documents, goods, self._longest("CLEARANCE", now, calendar))

    def rounds(self, step: str, now: int) -> list[tuple[int, int]]:
        """Begin and end of each round of a step, as the contract defines them; a round that runs ends now."""
        rounds: list[tuple[int, int]] = []
        began: int | None = None
        over = False
        for at, does in sorted((status.at, _does(status, step)) for status in self.statuses):
            if does is _Does.BEGIN and over and not rounds:
                rounds.append((at, at))
            elif does is _Does.BEGIN and not over and began is None:
                began = at
            elif does in {_Does.END, _Does.END_FOR_GOOD}:
                if began is not None:
                    rounds.append((began, at))
                began, over = None, over or does is _Does.END_FOR_GOOD
        return rounds if began is None else [*rounds, (began, now)]

    def _longest(self, step: str, now: int, calendar: WorkingTime) -> int | None:
        return max((calendar.minutes(*one) for one in self.rounds(step, now)), default=None)


class _Does(IntEnum):
    """What a status does to a step; at one instant in this order."""

    BEGIN = 0
    END = 1
    END_FOR_GOOD = 2
    NOTHING = 3


_ENDS: Mapping[str, set[str]] = {
    "DOCUMENT_CHECK": {"STORAGE_PERMITTED"},
    "GOODS_INSPECTION": {"GOODS_INSPECTED", "INSPECTION_WITHDRAWN", "STORAGE_PERMITTED"},
    "CLEARANCE": set(),
}
_ENDS_FOR_GOOD: Mapping[str, set[str]] = {
    "DOCUMENT_CHECK": {"DOCUMENTS_CHECKED", "RELEASED", "CLEARED", "CANCELLED"},
    "GOODS_INSPECTION": {"RELEASED", "CLEARED", "CANCELLED"},
    "CLEARANCE": {"STORAGE_PERMITTED", "RELEASED", "CLEARED", "CANCELLED"},
}
_BEGINS = {"CHANNEL_ASSIGNED": "DOCUMENT_CHECK", "INSPECTION_REQUIRED": "GOODS_INSPECTION", "REGISTERED": "CLEARANCE"}


def _does(status: Status, step: str) -> _Does:
    if status.status in _ENDS_FOR_GOOD[step]:
        return _Does.END_FOR_GOOD
    if status.status in _ENDS[step]:
        return _Does.END
    if _BEGINS.get(status.status) != step:
        return _Does.NOTHING
    if status.status == "CHANNEL_ASSIGNED" and status.channel not in {"YELLOW", "RED"}:
        return _Does.END if status.channel == "GREEN" else _Does.NOTHING
    return _Does.BEGIN
