"""The policy of complaint handling: limits by track, reminders, escalation, closing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.records.complaints import CaseTrack, Track
from schemas.reference.calendar import WorkingCalendar
from schemas.reference.deadlines import DeadlineDirectory
from schemas.reference.offices import OfficeDirectory


@dataclass(frozen=True, slots=True)
class TrackLimits:
    """Ids of the limits of one track.

    Attributes:
        acknowledge: Limit for acknowledging the complaint; None: there is none.
        resolve: Limit for resolving it; None: there is none.
        resolve_from_start: Whether `resolve` runs from the receipt; else from the acknowledgement.
        resolve_complex: Limit for resolving a complex case; None: there is none.
        answer: Limit for answering after the resolution; None: there is none.
        rises: Whether a missed limit takes the case to the unit above by itself.
    """

    acknowledge: str | None
    resolve: str | None
    resolve_from_start: bool
    resolve_complex: str | None
    answer: str | None
    rises: bool = True


FIRST: Mapping[str, TrackLimits] = {
    # Ours: nobody above answers for a star of which nobody knows what it says.
    CaseTrack.SIGNAL: TrackLimits("SIGNAL_LOOK", "SIGNAL_SETTLE", True, None, None, rises=False),
    # Ours: a remark asks for nothing.
    CaseTrack.REMARK: TrackLimits(None, None, True, None, None, rises=False),
    Track.FEEDBACK: TrackLimits("FIRST_LOOK", "RESOLVE", True, None, "PUBLISH"),
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
        first: Ids of the limits before an appeal, by track.
        second: Ids of the limits after an appeal, by track.
        reminder_days: Handlers are reminded in the morning so many working days before the day of a limit. Ours.
        levels_by_itself: How many levels above its office a late case goes without anybody's action. Ours: one, the
            unit directly above, which supervises the office; further only by ESCALATE.
        head_by_itself: Whether it may reach the head of customs in this way, where nobody else is above. Ours: no.
        close_days: Working days after the answer at which an answered case closes by itself. Ours.
        wait: Limit for the enterprise's supplement; then the case goes on without it. Ours.
        lodge: Until when the enterprise may make feedback a formal complaint.
        appeal: Until when it may appeal.
        erase: Limit for destroying the key of a contact after a request.
        poor_score: A rating of the handling at or below it reopens a case. Ours.
        suspension_since: From when on a complaint may be suspended: 1 July 2026, Law 136/2025/QH15.
    """

    limits: DeadlineDirectory
    first: Mapping[str, TrackLimits] = field(default_factory=lambda: FIRST)
    second: Mapping[str, TrackLimits] = field(default_factory=lambda: SECOND)
    reminder_days: tuple[int, ...] = (3, 1)
    levels_by_itself: int = 1
    head_by_itself: bool = False
    close_days: int = 15
    wait: str = "WAIT_FOR_SUPPLEMENT"
    lodge: str = "COMPLAINT_LODGE"
    appeal: str = "COMPLAINT_SECOND_LODGE"
    erase: str = "ERASE_CONTACT"
    poor_score: int = 2
    suspension_since: int = 1_782_838_800_000


@dataclass(frozen=True, slots=True)
class CaseContext:
    """How complaints are handled, working time, and the units above each unit."""

    policy: CasePolicy
    calendar: WorkingCalendar
    hierarchy: OfficeDirectory
