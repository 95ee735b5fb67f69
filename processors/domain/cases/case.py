"""One case while its inputs are replayed: its data, and the elementary changes that actions are made of."""

from __future__ import annotations

from typing import NamedTuple

from processors.domain.cases.clocks import CaseClock, if_known, limit_end
from processors.domain.cases.policy import CaseContext, TrackLimits
from processors.domain.cases.transitions import ENDED, HALTED, NEW, SETTLED
from schemas.records.cases import CasePhase, CaseState, ComplaintAction
from schemas.records.complaints import CaseTrack, Complaint
from schemas.reference.calendar import last_instant
from schemas.reference.offices import TOP_UNIT


class GivenAnswer(NamedTuple):
    """An answer to the enterprise.

    Attributes:
        resolution: The action that resolved the case.
        answer: The action that answered.
        unit: Unit responsible at that time.
        finding: What was found.
    """

    resolution: ComplaintAction
    answer: ComplaintAction
    unit: str
    finding: str


class Case:
    """The state of one case."""

    def __init__(self, complaint: Complaint, context: CaseContext) -> None:
        self.complaint = complaint
        self.context = context
        self.state = CaseState.OPENED
        self.track: str = _opening_track(complaint)
        self.units = (complaint.office, *context.hierarchy.above(complaint.office, complaint.opened_at))
        self.level = 0
        self.changed_at = complaint.opened_at
        self.acknowledged_at: int | None = None
        self.resolved_at: int | None = None
        self.answered_at: int | None = None
        self.closed_at: int | None = None
        self.finding: str | None = None
        self.handling_score: int | None = None
        self.asked = self.reopened = self.is_complex = self.legal_hold = self.appealed = False
        self.waits_until: int | None = None
        self.merged_into: str | None = None
        self.erased_at: int | None = None
        self.absorbed: list[str] = []
        self.clocks: list[CaseClock] = []
        self.answers: list[GivenAnswer] = []
        self.resolution: ComplaintAction | None = None
        self._start_clocks(complaint.opened_at)

    @property
    def unit(self) -> str:
        """The unit responsible now."""
        return self.units[self.level]

    @property
    def at_top(self) -> bool:
        """Whether no unit stands above the one responsible."""
        return self.level + 1 >= len(self.units)

    @property
    def rises_by_itself(self) -> bool:
        """Whether a missed limit takes it to the unit above."""
        policy = self.context.policy
        if not self.limits.rises or self.at_top or self.level >= policy.levels_by_itself:
            return False
        return policy.head_by_itself or self.units[self.level + 1] != TOP_UNIT

    @property
    def limits(self) -> TrackLimits:
        """The limits of the current track."""
        policy = self.context.policy
        return (policy.second if self.appealed else policy.first)[self.track]

    @property
    def resolve_limit(self) -> str | None:
        """Id of the limit for resolving the case; None: there is none."""
        limits = self.limits
        return limits.resolve_complex if self.is_complex and limits.resolve_complex else limits.resolve

    def open_clocks(self, *phases: CasePhase) -> list[CaseClock]:
        """Clocks of these phases that are still to be met."""
        return [clock for clock in self.clocks if clock.open and clock.phase in phases]

    def enter(self, state: CaseState, at: int) -> None:
        """Change the state."""
        if state is not self.state:
            self.state, self.changed_at = state, at
            self.closed_at = at if state in ENDED else None

    def start_clock(self, rule: str | None, phase: CasePhase, at: int) -> None:
        """Start the clock of a limit; None: there is none."""
        if rule is None:
            return
        clock = CaseClock(self.context.policy.limits.get(rule, at), self.track, phase, at)
        clock.schedule(self.context.calendar)
        self.clocks.append(clock)

    def meet(self, at: int, *phases: CasePhase) -> None:
        """Mark the open clocks of these phases as met."""
        for clock in self.open_clocks(*phases):
            clock.resume(at, self.context.calendar)
            clock.met_at = at

    def end_clocks(self, at: int) -> None:
        """End all open clocks of the handling. A request for erasure keeps its clock.

        One whose limit has passed stays missed: neither another track nor another unit is a way out of it.
        """
        for clock in self.open_clocks(CasePhase.ACKNOWLEDGE, CasePhase.RESOLVE, CasePhase.ANSWER):
            clock.resume(at, self.context.calendar)  # a pause has moved the limit, also when the case ends in it
            clock.ended_at = at

    def end_of(self, rule: str, started_at: int) -> int | None:
        """The end of a limit that starts at an instant and is no clock of the case; None: outside the calendar."""
        limit = self.context.policy.limits.get(rule, started_at)
        return if_known(lambda: limit_end(limit, started_at, self.context.calendar))

    def pause_clocks(self, at: int) -> None:
        """Pause the open limits for resolving."""
        for clock in self.open_clocks(CasePhase.RESOLVE):
            clock.pause(at)

    def resume_clocks(self, at: int) -> None:
        """End the pause of every clock that has one."""
        for clock in self.clocks:
            clock.resume(at, self.context.calendar)

    def wait(self, at: int) -> None:
        """Wait for the enterprise: for the limit of a wait, or for ever where that ends outside the calendar."""
        self.waits_until = self.end_of(self.context.policy.wait, at)
        self.pause_clocks(at)

    def go_on(self, at: int) -> None:
        """Go on without the supplement at the end of the wait. 24:00 belongs to the last day of the wait."""
        self.resume_clocks(last_instant(at))
        self.enter(CaseState.VERIFYING, at)

    def acknowledge(self, at: int) -> None:
        """Note that a handler took the case up. On the formal tracks the limit for resolving starts now."""
        if self.acknowledged_at is None:
            self.acknowledged_at = at
            self.meet(at, CasePhase.ACKNOWLEDGE)
            if not self.limits.resolve_from_start:
                self.start_clock(self.resolve_limit, CasePhase.RESOLVE, at)

    def restart_clocks(self, at: int) -> None:
        """End the open clocks and start those of the current track. The ended ones stay visible."""
        self.end_clocks(at)
        self.acknowledged_at = None
        self._start_clocks(at)

    def _start_clocks(self, at: int) -> None:
        self.start_clock(self.limits.acknowledge, CasePhase.ACKNOWLEDGE, at)
        if self.limits.resolve_from_start:
            self.start_clock(self.resolve_limit, CasePhase.RESOLVE, at)

    def become_feedback(self, at: int) -> None:
        """Take what the enterprise adds to a signal as feedback that is received now: its limits run from here.

        Whoever handles the signal has seen it, so the first look is done. What was settled is opened again.
        """
        self.track = CaseTrack.FEEDBACK
        if self.state in SETTLED:
            self.resolved_at = self.answered_at = None
            self.finding = None
            self.enter(CaseState.OPENED, at)
        elif self.state in HALTED:
            self.enter(CaseState.VERIFYING, at)
        self.restart_clocks(at)
        if self.state not in NEW:
            self.acknowledge(at)

    def reopen(self, at: int, level: int) -> None:
        """Handle the case again, at a level of the hierarchy."""
        self.reopened = True
        self.asked = False
        self.level = level
        self.resolved_at = self.answered_at = None
        self.finding = None
        self.restart_clocks(at)


def _opening_track(complaint: Complaint) -> CaseTrack:
    """Feedback when the content was there with the first low score. Complaints of earlier versions are feedback."""
    if complaint.case_track == CaseTrack.REMARK:
        return CaseTrack.REMARK
    content_since = complaint.content_since
    with_content = content_since is None or content_since <= complaint.opened_at
    return CaseTrack.FEEDBACK if complaint.case_track == CaseTrack.FEEDBACK and with_content else CaseTrack.SIGNAL
