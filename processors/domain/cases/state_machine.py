"""One case while it is folded: what was done and what time brings, in order, changes its state.

Inputs are taken in order of time; before each, the timers that end earlier fire. An action at the very end of a limit
is thus in time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from processors.domain.cases.clocks import CaseClock, if_known
from processors.domain.cases.effects import AFTER, BEFORE
from processors.domain.cases.guards import Refusal, Standing, refusal
from processors.domain.cases.policy import CaseContext, TrackLimits
from processors.domain.cases.transitions import BEING_HANDLED, ENDED, HALTED, TABLE
from schemas.ids import case_event_id
from schemas.records import (
    CaseEventKind,
    CasePhase,
    CaseState,
    Complaint,
    ComplaintAction,
    ComplaintEvent,
    Track,
)

TIMED = frozenset({CaseEventKind.REMINDER, CaseEventKind.OVERDUE, CaseEventKind.ESCALATED, CaseEventKind.CLOSED})
"""What time alone says; an action that closes a case is ACCEPTED."""


class Timer(NamedTuple):
    """What is to happen at an instant unless something comes before.

    Attributes:
        at: The instant.
        kind: One of `TIMED`.
        clock: Place of the clock among those of the case; -1: the case itself.
        due_at: End of the clock when the timer was set: a limit that moves sets new ones.
    """

    at: int
    kind: CaseEventKind
    clock: int
    due_at: int


class CaseMachine:
    """The state of one case.

    Args:
        complaint: What opened it.
        world: What it looks up.
    """

    def __init__(self, complaint: Complaint, world: CaseContext) -> None:
        self._complaint = complaint
        self.world = world
        self.state = CaseState.OPENED
        self.track: str = Track.FEEDBACK
        self.units = (complaint.office, *world.hierarchy.above(complaint.office, complaint.opened_at))
        self.level = 0
        self.changed_at = complaint.opened_at
        self.acknowledged_at: int | None = None
        self.resolved_at: int | None = None
        self.answered_at: int | None = None
        self.closed_at: int | None = None
        self.finding: str | None = None
        self.handling_score: int | None = None
        self.asked = self.reopened = self.is_complex = self.legal_hold = False
        self.merged_into: str | None = None
        self.erased_at: int | None = None
        self.absorbed: list[str] = []
        self.clocks: list[CaseClock] = []
        self.accepted = self.refused = self.overdue = self.fired = 0
        self.events: list[ComplaintEvent] = []
        self.answers: list[tuple[ComplaintAction, ComplaintAction, str, str]] = []  # resolution, answer, unit, finding
        self.resolution: ComplaintAction | None = None
        self.appealed = False
        self._fired: set[Timer] = set()
        self._timers: list[Timer] = []
        self._time = complaint.opened_at
        self._event(CaseEventKind.OPENED, complaint.opened_at)
        self._start(complaint.opened_at)

    @property
    def unit(self) -> str:
        """Who answers for it now."""
        return self.units[self.level]

    @property
    def next_timer_at(self) -> int | None:
        """When the next timer fires, unless something comes before."""
        return self._timers[0].at if self._timers else None

    @property
    def limits(self) -> TrackLimits:
        """The limits that bind now."""
        policy = self.world.policy
        return (policy.second if self.appealed else policy.first)[self.track]

    # --- time

    def run_to(self, at: int, *, inclusive: bool) -> None:
        """Let time pass up to an instant; `inclusive`: what falls on it happens too."""
        while self._timers and (self._timers[0].at < at or (inclusive and self._timers[0].at == at)):
            self._fire(self._timers[0])
        self._time = max(self._time, at)

    def _fire(self, timer: Timer) -> None:
        self.fired += 1
        self._fired.add(timer)
        self._timers.pop(0)
        self._time = timer.at
        if timer.kind is CaseEventKind.CLOSED:
            self.enter(CaseState.CLOSED, timer.at)
            self._event(timer.kind, timer.at)
        else:
            rule = self.clocks[timer.clock].limit.id
            if timer.kind is CaseEventKind.REMINDER:
                self._event(timer.kind, timer.at, rule=rule, due_at=timer.due_at)
            else:
                if timer.kind is CaseEventKind.OVERDUE:
                    self.overdue += 1
                    self._event(timer.kind, timer.at, rule=rule, due_at=timer.due_at)
                self._escalate(timer.at, rule, timer.due_at)

    def _escalate(self, at: int, rule: str, due_at: int) -> None:
        if self.level + 1 < len(self.units):
            self.level += 1
            self._event(CaseEventKind.ESCALATED, at, rule=rule, due_at=due_at)

    def _plan(self) -> None:
        """Set the timers anew: those that have not fired, and whose instant has not passed while nobody waited."""
        found: list[Timer] = []
        for place, clock in enumerate(self.clocks):
            if clock.running and clock.due_at is not None:
                found.extend(self._clock_timers(place, clock, clock.due_at))
        if self.state is CaseState.ANSWERED and self.answered_at is not None:
            at = self._working_days_after(self.answered_at, self.world.policy.close_days)
            if at is not None:
                found.append(Timer(at, CaseEventKind.CLOSED, -1, at))
        self._timers = sorted(timer for timer in found if timer not in self._fired)

    def _clock_timers(self, place: int, clock: CaseClock, due_at: int) -> Iterator[Timer]:
        policy = self.world.policy
        for at in clock.reminders(policy.reminder_days, self.world.calendar):
            if at >= self._time:
                yield Timer(at, CaseEventKind.REMINDER, place, due_at)
        yield Timer(due_at, CaseEventKind.OVERDUE, place, due_at)
        again = self._working_days_after(due_at, policy.escalate_again_days)
        if again is not None:
            yield Timer(again, CaseEventKind.ESCALATED, place, due_at)

    def _working_days_after(self, at: int, days: int) -> int | None:
        return if_known(lambda: self.world.calendar.add_working_days(at, days))

    # --- clocks

    def _start(self, at: int) -> None:
        """Let the limits of the present track begin."""
        limits = self.limits
        self.begin(limits.acknowledge, CasePhase.ACKNOWLEDGE, at)
        if limits.resolve_from_start:
            self.begin(self.resolve_limit(), CasePhase.RESOLVE, at)
        self._plan()

    def begin(self, rule: str, phase: CasePhase, at: int) -> None:
        """Let a limit begin."""
        clock = CaseClock(self.world.policy.limits.get(rule, at), self.track, phase, at)
        clock.schedule(self.world.calendar)
        self.clocks.append(clock)

    def resolve_limit(self) -> str:
        """Id of the limit for resolving it."""
        limits = self.limits
        return limits.resolve_complex if self.is_complex and limits.resolve_complex else limits.resolve

    def open_clocks(self, *phases: CasePhase) -> list[CaseClock]:
        """Limits that are still to be met."""
        return [clock for clock in self.clocks if clock.open and clock.phase in phases]

    def meet(self, at: int, *phases: CasePhase) -> None:
        """The open limits of these phases are met."""
        for clock in self.open_clocks(*phases):
            clock.resume(at, self.world.calendar)
            clock.met_at = at

    def end_clocks(self, at: int) -> None:
        """No open limit of its handling matters any more; who asked for erasure waits for it all the same."""
        for clock in self.open_clocks(CasePhase.ACKNOWLEDGE, CasePhase.RESOLVE, CasePhase.ANSWER):
            clock.ended_at = at

    # --- events

    def _event(
        self,
        kind: CaseEventKind,
        at: int,
        *,
        action: ComplaintAction | None = None,
        why: Refusal | None = None,
        rule: str | None = None,
        due_at: int | None = None,
    ) -> None:
        complaint = self._complaint
        told_by = ("ACTION", action.action_id) if action is not None else (kind, rule or "", at, due_at or 0)
        self.events.append(
            ComplaintEvent(
                event_id=case_event_id(complaint.complaint_id, *told_by),
                version=0,
                complaint_id=complaint.complaint_id,
                office=complaint.office,
                unit=self.unit,
                kind=kind,
                occurred_at=at,
                action_id=None if action is None else action.action_id,
                action=None if action is None else action.action,
                actor_role=None if action is None else action.actor_role,
                actor=None if action is None else action.handler,
                refusal=why,
                state=self.state,
                rule=rule,
                due_at=due_at,
            )
        )

    def enter(self, state: CaseState, at: int) -> None:
        """Come into a state."""
        if state is not self.state:
            self.state, self.changed_at = state, at
            self.closed_at = at if state in ENDED else None

    # --- inputs

    def raise_score(self, at: int) -> None:
        """The enterprise took its low scores back by a new revision of the sheet.

        Ends feedback that is not resolved yet. A complaint or a denunciation was made by an act of its own and goes on.
        """
        if self.track == Track.FEEDBACK and self.state in (*BEING_HANDLED, *HALTED):
            self.end_clocks(at)
            self.enter(CaseState.WITHDRAWN, at)
            self._event(CaseEventKind.SHEET_CHANGED, at)
            self._plan()

    def act(self, action: ComplaintAction, at: int) -> None:
        """Do an action, or refuse it."""
        why = refusal(action, self._standing(action, at))
        if why is not None:
            self.refused += 1
            self._event(CaseEventKind.REFUSED, at, action=action, why=why)
            return
        self.accepted += 1
        before, after = BEFORE.get(action.action), AFTER.get(action.action)
        to = TABLE[self.state, action.action].to
        if before is not None:
            before(self, action, at)
        if to is not None:
            self.enter(to, at)
        if after is not None:
            after(self, action, at)
        self._event(CaseEventKind.ACCEPTED, at, action=action)
        self._plan()

    def _standing(self, action: ComplaintAction, at: int) -> Standing:
        known = action.to_unit is not None and self.world.hierarchy.known(action.to_unit, at)
        return Standing(
            state=self.state,
            track=self.track,
            tax_code=self._complaint.tax_code,
            excluded=self._complaint.excluded_officials,
            units=self.units,
            level=self.level,
            asked=self.asked,
            reopened=self.reopened,
            is_complex=self.is_complex,
            complex_limit=self.limits.resolve_complex is not None,
            legal_hold=self.legal_hold,
            erased=self.erased_at is not None,
            suspension_in_force=at >= self.world.policy.suspension_since,
            unit_known=known,
        )

    def acknowledge(self, at: int) -> None:
        """That it was taken up; on the formal tracks the limit for resolving begins now."""
        if self.acknowledged_at is None:
            self.acknowledged_at = at
            self.meet(at, CasePhase.ACKNOWLEDGE)
            if not self.limits.resolve_from_start:
                self.begin(self.resolve_limit(), CasePhase.RESOLVE, at)

    def begin_again(self, at: int) -> None:
        """New limits in place of the open ones; those stay visible."""
        self.end_clocks(at)
        self.acknowledged_at = None
        self._start(at)

    def reopen(self, at: int, level: int) -> None:
        """Handle it once more, at a level of the hierarchy."""
        self.reopened = True
        self.asked = False
        self.level = level
        self.resolved_at = self.answered_at = None
        self.finding = None
        self.begin_again(at)
