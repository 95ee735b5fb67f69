"""Reference data of the contract: offices, code lists, limits, deadlines and the working calendar.

Data that changes is looked up as of a time (epoch milliseconds, UTC). `docs/reference-data.md` describes each file, its
sources and how far it can be trusted.
"""

from schemas.reference.calendar import WorkingCalendar, load_calendar
from schemas.reference.deadlines import Deadline, DeadlineDirectory, load_deadlines
from schemas.reference.errors import OutsideCalendarError, ReferenceDataError
from schemas.reference.offices import Level, Office, OfficeDirectory, Team, load_offices
from schemas.reference.service import (
    Score,
    ScoreGroup,
    ScoreReason,
    Step,
    load_rating_scale,
    load_reasons,
    load_steps,
)
from schemas.reference.tables import Confidence
from schemas.reference.tax_code import TaxCodeVerdict, check_tax_code
from schemas.reference.vocabulary import (
    ChannelInfo,
    DeclarationKind,
    Direction,
    KindDirectory,
    Origin,
    StatusMessage,
    StatusWord,
    load_channels,
    load_kinds,
    load_messages,
    load_statuses,
)

__all__ = [
    "ChannelInfo",
    "Confidence",
    "Deadline",
    "DeadlineDirectory",
    "DeclarationKind",
    "Direction",
    "KindDirectory",
    "Level",
    "Office",
    "OfficeDirectory",
    "Origin",
    "OutsideCalendarError",
    "ReferenceDataError",
    "Score",
    "ScoreGroup",
    "ScoreReason",
    "StatusMessage",
    "StatusWord",
    "Step",
    "TaxCodeVerdict",
    "Team",
    "WorkingCalendar",
    "check_tax_code",
    "load_calendar",
    "load_channels",
    "load_deadlines",
    "load_kinds",
    "load_messages",
    "load_offices",
    "load_rating_scale",
    "load_reasons",
    "load_statuses",
    "load_steps",
]
