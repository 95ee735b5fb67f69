"""Runs one case through its inputs in order of time: actions, timers, and changes of the sheet.

Before each input, the timers that are due earlier fire. An action at the very end of a limit is therefore in time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from processors.domain.cases.case import Case
from processors.domain.cases.clocks import CaseClock, if_known
from processors.domain.cases.effects import AFTER, BEFORE
from processors.domain.cases.guards import Refusal, refusal
from processors.domain.cases.policy import CaseContext
from processors.domain.cases.transitions import BEING_HANDLED, HALTED, TABLE
from schemas.ids import case_event_id
from schemas.records.cases import CaseAction, CaseEventKind, CaseState, ComplaintAction, ComplaintEvent
from schemas.records.complaints import CaseTrack, Complaint

TIMED = frozenset(
    {
        CaseEventKind.REMINDER,
        CaseEventKind.OVERDUE,
        CaseEventKind.ESCALATED,
        CaseEventKind.NO_REPLY,
        CaseEventKind.CLOSED,
    }
)
"""Kinds of events that only timers cause; an action that closes a case is ACCEPTED."""

_OF_LOW_SCORES, _REMARK = frozenset({CaseTrack.SIGNAL, CaseTrack.FEEDBACK}), frozenset({CaseTrack.REMARK})
"""Tracks on which the sheet alone puts a case, by its low scores or by its comment; every other needs an act."""


class Timer(NamedTuple):
    """What happens at an instant unless an input comes before.

    Attributes:
        at: The instant.
        kind: One of `TIMED`.
        clock: Index of the clock among those of the case; -1: the case itself.
        due_at: End of the clock when the timer was set. A limit that moves sets new timers.
    """

    at: int
    kind: CaseEventKind
    clock: int
    due_at: int


class CaseMachine:
    """A case with its timers and the events they and its inputs cause."""

    def __init__(self, complaint: Complaint, context: CaseContext) -> None:
        self.case = Case(complaint, context)
        self.accepted = self.refused = self.overdue = self.fired = 0
        self.events: list[ComplaintEvent] = []
        self._context = context
        self._fired: set[Timer] = set()
        self._timers: list[Timer] = []
        self._time = complaint.opened_at
        self._add_event(CaseEventKind.OPENED, complaint.opened_at)
        self._set_timers()

    @property
    def next_timer_at(self) -> int | None:
        """When the next timer fires, unless an input comes before."""
        return self._timers[0].at if self._timers else None

    # --- time

    def run_to(self, at: int, *, inclusive: bool) -> None:
        """Fire the timers before an instant; `inclusive`: also those at the instant."""
        while self._timers and (self._timers[0].at < at or (inclusive and self._timers[0].at == at)):
            self._fire(self._timers[0])
        self._time = max(self._time, at)

    def _fire(self, timer: Timer) -> None:
        at, kind, _clock, due_at = timer
        self.fired += 1
        self._fired.add(timer)
        self._timers.pop(0)
        self._time = at
        if kind is CaseEventKind.CLOSED:
            self.case.enter(CaseState.CLOSED, at)
            self._add_event(kind, at)
            return
        if kind is CaseEventKind.NO_REPLY:
            self.case.go_on(at)
            self._add_event(kind, at, rule=self._context.policy.wait, due_at=due_at)
            self._set_timers()
            return
        rule = self.case.clocks[timer.clock].limit.id
        self._add_event(kind, at, rule=rule, due_at=due_at)
        if kind is CaseEventKind.OVERDUE:
            self.overdue += 1
            if self.case.rises_by_itself:
                self.case.level += 1
                self._add_event(CaseEventKind.ESCALATED, at, rule=rule, due_at=due_at)

    def _set_timers(self) -> None:
        """Replace the timers by those that the case calls for now and that have not fired."""
        found: list[Timer] = []
        for index, clock in enumerate(self.case.clocks):
            if clock.running and clock.due_at is not None:
                found.extend(self._clock_timers(index, clock, clock.due_at))
        if self.case.state is CaseState.ANSWERED and self.case.answered_at is not None:
            days = self._context.policy.close_days
            at = if_known(partial(self._context.calendar.add_working_days, self.case.answered_at, days))
            if at is not None:
                found.append(Timer(at, CaseEventKind.CLOSED, -1, at))
        if self.case.state is CaseState.WAITING and self.case.waits_until is not None:
            found.append(Timer(self.case.waits_until, CaseEventKind.NO_REPLY, -1, self.case.waits_until))
        self._timers = sorted(timer for timer in found if timer not in self._fired)

    def _clock_timers(self, index: int, clock: CaseClock, due_at: int) -> Iterator[Timer]:
        for at in clock.reminders(self._context.policy.reminder_days, self._context.calendar):
            if at >= self._time:
                yield Timer(at, CaseEventKind.REMINDER, index, due_at)
        yield Timer(due_at, CaseEventKind.OVERDUE, index, due_at)

    # --- inputs

    def withdraw_low_scores(self, at: int) -> None:
        """Fire earlier timers, and apply that a new revision of the sheet raised the low scores.

        Ends a signal or feedback that is not resolved yet, and a remark whose comment is gone. What was made by an act
        of its own goes on: a complaint, a denunciation, feedback that was a remark.
        """
        self.run_to(at, inclusive=False)
        case = self.case
        of_the_sheet = _REMARK if case.complaint.case_track == CaseTrack.REMARK else _OF_LOW_SCORES
        if case.track in of_the_sheet and case.state in (*BEING_HANDLED, *HALTED):
            case.end_clocks(at)
            case.enter(CaseState.WITHDRAWN, at)
            self._add_event(CaseEventKind.SHEET_CHANGED, at)
            self._set_timers()

    def add_content(self, at: int) -> None:
        """Fire earlier timers, and apply that a new revision of the sheet has what makes feedback of a signal."""
        self.run_to(at, inclusive=False)
        case = self.case
        if case.track == CaseTrack.SIGNAL and case.state is not CaseState.MERGED:
            case.become_feedback(at)
            self._add_event(CaseEventKind.SHEET_CHANGED, at)
            self._set_timers()

    def act(self, action: ComplaintAction, at: int) -> None:
        """Apply an action, or refuse it."""
        why = refusal(action, self.case, at)
        if why is not None:
            self.refused += 1
            self._add_event(CaseEventKind.REFUSED, at, action=action, why=why)
            return
        self.accepted += 1
        before, after = BEFORE.get(action.action), AFTER.get(action.action)
        to = TABLE[self.case.state, action.action].to
        if before is not None:
            before(self.case, action, at)
        if to is not None:
            self.case.enter(to, at)
        if after is not None:
            after(self.case, action, at)
        waits = action.action == CaseAction.ASK
        self._add_event(
            CaseEventKind.ACCEPTED,
            at,
            action=action,
            rule=self._context.policy.wait if waits else None,
            due_at=self.case.waits_until if waits else None,
        )
        self._set_timers()

    # --- events

    def _add_event(
        self,
        kind: CaseEventKind,
        at: int,
        *,
        action: ComplaintAction | None = None,
        why: Refusal | None = None,
        rule: str | None = None,
        due_at: int | None = None,
    ) -> None:
        complaint = self.case.complaint
        cause = ("ACTION", action.action_id) if action is not None else (kind, rule or "", at, due_at or 0)
        self.events.append(
            ComplaintEvent(
                event_id=case_event_id(complaint.complaint_id, *cause),
                version=0,
                complaint_id=complaint.complaint_id,
                office=complaint.office,
                unit=self.case.unit,
                kind=kind,
                occurred_at=at,
                action_id=None if action is None else action.action_id,
                action=None if action is None else action.action,
                actor_role=None if action is None else action.actor_role,
                actor=None if action is None else action.handler,
                refusal=why,
                state=self.case.state,
                rule=rule,
                due_at=due_at,
            )
        )
