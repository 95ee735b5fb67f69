"""What the handling of complaints may be told: legal limits by track, reminders, escalation, closing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from schemas.records import Track


class LegalLimit(Protocol):
    """A legal limit, as far as the core needs it; `schemas.reference.deadlines.Deadline`."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def unit(self) -> str:
        """WORKING_HOUR, WORKING_DAY or CALENDAR_DAY."""

    @property
    def amount(self) -> int:
        """How many of them."""


class LegalLimits(Protocol):
    """The legal limits by id and time."""

    def get(self, deadline_id: str, at_ms: int) -> LegalLimit:
        """The limit that holds for a clock that starts at that time."""


class CaseCalendar(Protocol):
    """The working calendar, as far as cases need it; `schemas.reference.calendar.WorkingCalendar`."""

    def add_working_days(self, start_ms: int, days: int) -> int:
        """End of the n-th working day after the day of the start."""

    def add_calendar_days(self, start_ms: int, days: int) -> int:
        """End of the n-th day after the day of the start, moved to a working day."""

    def add_working_minutes(self, start_ms: int, minutes: int, office: str | None = None) -> int:
        """When so many working minutes have passed."""

    def working_days_between(self, start_ms: int, end_ms: int) -> int:
        """Working days after the day of the start, up to that of the end."""

    def calendar_days_between(self, start_ms: int, end_ms: int) -> int:
        """Midnights between."""

    def working_minutes_between(self, start_ms: int, end_ms: int, office: str | None = None) -> int:
        """Working minutes between."""

    def working_morning(self, at_ms: int, days_before: int) -> int:
        """When work begins on the n-th working day before."""


class Hierarchy(Protocol):
    """Who stands above whom; `schemas.reference.offices.OfficeDirectory`."""

    def above(self, code: str, at_ms: int) -> tuple[str, ...]:
        """The units above, the nearest first."""

    def known(self, code: str, at_ms: int) -> bool:
        """Whether there was such a unit."""


@dataclass(frozen=True, slots=True)
class TrackLimits:
    """Which limits bind on a track.

    Attributes:
        acknowledge: Limit for saying that it was taken up.
        resolve: Limit for resolving it.
        resolve_from_start: Whether that runs from the receipt; else from the acknowledgement.
        resolve_complex: Limit for resolving it when it is complex; None: no such.
        answer: Limit for answering after the resolution; None: none is known.
    """

    acknowledge: str
    resolve: str
    resolve_from_start: bool
    resolve_complex: str | None
    answer: str | None


FIRST: Mapping[str, TrackLimits] = {
    Track.FEEDBACK: TrackLimits("FORWARD_OUT_OF_SCOPE", "RESOLVE", True, None, "PUBLISH"),
    Track.COMPLAINT: TrackLimits(
        "COMPLAINT_ACCEPT", "COMPLAINT_DECIDE", False, "COMPLAINT_DECIDE_COMPLEX", "COMPLAINT_SEND"
    ),
    Track.DENUNCIATION: TrackLimits(
        "DENUNCIATION_ACCEPT", "DENUNCIATION_RESOLVE", False, "DENUNCIATION_RESOLVE_COMPLEX", None
    ),
}
"""Limits of a case when it is opened, transferred, or put on another track."""

SECOND: Mapping[str, TrackLimits] = {
    **FIRST,
    Track.COMPLAINT: TrackLimits(
        *("COMPLAINT_SECOND_ACCEPT", "COMPLAINT_SECOND_DECIDE", False),
        *("COMPLAINT_SECOND_DECIDE_COMPLEX", "COMPLAINT_SECOND_SEND"),
    ),
}
"""Limits of a case after an appeal."""


@dataclass(frozen=True, slots=True)
class CasePolicy:
    """How complaints are handled.

    Attributes:
        limits: The legal limits.
        first: Which of them bind, by track.
        second: The same after an appeal.
        reminder_days: So many working days before the day of a limit, in the morning, its handlers are reminded. Ours.
        escalate_again_days: Working days after an overdue limit at which a case that is still overdue goes up once
            more. Ours.
        close_days: Working days after the answer at which a case is closed that nobody closed. Ours.
        erase: Limit for destroying the key of a contact after a request.
        poor_score: A rating of the handling at or below it reopens a case. Ours.
        suspension_since: From when on a complaint may be suspended: 1 July 2026, Law 136/2025/QH15.
    """

    limits: LegalLimits
    first: Mapping[str, TrackLimits] = field(default_factory=lambda: FIRST)
    second: Mapping[str, TrackLimits] = field(default_factory=lambda: SECOND)
    reminder_days: tuple[int, ...] = (3, 1)
    escalate_again_days: int = 5
    close_days: int = 15
    erase: str = "ERASE_CONTACT"
    poor_score: int = 2
    suspension_since: int = 1_782_838_800_000


@dataclass(frozen=True, slots=True)
class CaseContext:
    """What the fold of a case looks up.

    Attributes:
        policy: How complaints are handled.
        calendar: Working time.
        hierarchy: Who stands above whom.
    """

    policy: CasePolicy
    calendar: CaseCalendar
    hierarchy: Hierarchy
