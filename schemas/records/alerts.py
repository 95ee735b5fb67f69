"""Alerts and their evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.records.base import Record


class AlertState(StrEnum):
    """State of an alert."""

    OPEN = "OPEN"
    CLEARED = "CLEARED"
    RETRACTED = "RETRACTED"


def state_word(state: str) -> str:
    """What people read for a state. An alert that is over has eased: nothing says that anybody cleared it up."""
    return "EASED" if state == AlertState.CLEARED else state


class Detector(StrEnum):
    """Which test raised an alert; OTHER: one that this version does not know."""

    BURST = "BURST"
    DRIFT = "DRIFT"
    OTHER = "OTHER"


class AlertActionKind(StrEnum):
    """What somebody did about an alert, or judged of it; docs/alerts.md says what each means."""

    ACKNOWLEDGED = "ACKNOWLEDGED"
    ASSIGNED = "ASSIGNED"
    REAL = "REAL"
    EXPLAINED = "EXPLAINED"
    FALSE = "FALSE"


class Verdict(StrEnum):
    """The kinds of actions that judge an alert; the latest one counts."""

    REAL = AlertActionKind.REAL
    EXPLAINED = AlertActionKind.EXPLAINED
    FALSE = AlertActionKind.FALSE


@dataclass(frozen=True, slots=True)
class Driver(Record):
    """What stands out among the low scores behind an alert."""

    name: str
    low_scores: int


@dataclass(frozen=True, slots=True)
class TargetEvidence(Record):
    """A team or step of an office that an alert is about, tested by itself."""

    target: str
    target_id: str
    scores: int
    low_scores: int
    expected: float
    tail_probability: float
    cusum: float

    @property
    def name(self) -> str:
        """The name that `drivers` uses."""
        return f"{self.target}:{self.target_id}"


@dataclass(frozen=True, slots=True)
class Alert(Record):
    """A spike of dissatisfaction, with its evidence: that of the window from `window_start` to before `window_end`."""

    alert_id: str
    version: int
    office: str
    state: str
    detector: str
    raised_at: int
    updated_at: int
    cleared_at: int | None
    window_start: int
    window_end: int
    window_seconds: int
    opinions: int
    dissatisfied: int
    enterprises: int
    baseline: float
    baseline_strength: float
    expected: float
    tail_probability: float
    adjusted_probability: float
    cusum: float
    drivers: tuple[Driver, ...]
    targets: tuple[TargetEvidence, ...]
    complaint_ids: tuple[str, ...]
    summary_vi: str
    summary_en: str
    day_opinions: int | None = None
    day_dissatisfied: int | None = None
    day_enterprises: int | None = None
    chance_months: float | None = None
    effective_opinions: int | None = None


@dataclass(frozen=True, slots=True)
class AlertAction(Record):
    """What somebody did about an alert, or judged of it."""

    action_id: str
    alert_id: str
    action: str
    acted_at: int
    actor: str
    assignee: str | None = None
    text: str | None = None
