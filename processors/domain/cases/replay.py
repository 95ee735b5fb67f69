"""From a complaint and everything done about it to the state of its case: a function of the set of inputs and of time.

Actions count in the order in which they were done, not in which they arrived. An action that comes late may thus change
what came of others; whoever reads the events sees them said anew, with a higher version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from processors.domain.cases.guards import Refusal
from processors.domain.cases.policy import CaseContext
from processors.domain.cases.state_machine import CaseMachine
from schemas.ids import answer_id, case_event_id
from schemas.records import (
    CaseEventKind,
    Complaint,
    ComplaintAction,
    ComplaintAnswer,
    ComplaintCase,
    ComplaintEvent,
    ComplaintState,
    Track,
)

_TIMER_BITS = 10
_MOST_TIMERS = (1 << _TIMER_BITS) - 1


@dataclass(frozen=True, slots=True)
class Folded:
    """What a case is.

    Attributes:
        version: The version of whatever is said of it now.
        case: Its state; None where no complaint is known that the actions could be about.
        events: What happened, in order of time; their version is 0: see `version`.
        answers: The answers given.
        next_at: When time alone changes it next; None: never.
    """

    version: int
    case: ComplaintCase | None
    events: Sequence[ComplaintEvent]
    answers: Sequence[ComplaintAnswer]
    next_at: int | None


def ordered(actions: Iterable[ComplaintAction]) -> list[ComplaintAction]:
    """Actions in the order in which they count; of several contents under one id the greatest alone."""
    best: dict[str, ComplaintAction] = {}
    for action in actions:
        known = best.get(action.action_id)
        if known is None or _content(action) > _content(known):
            best[action.action_id] = action
    return sorted(best.values(), key=lambda action: (action.acted_at, action.action_id))


def _content(action: ComplaintAction) -> tuple[int, str]:
    return action.acted_at, repr(action)


def fold(complaint: Complaint, actions: Sequence[ComplaintAction], world: CaseContext, now: int) -> Folded:
    """The case as of `now`.

    Args:
        complaint: The newest known version.
        actions: Every distinct content of every known action.
        world: What is looked up.
        now: Up to when time has passed, epoch milliseconds; it passes at least up to the last action.
    """
    machine = CaseMachine(complaint, world)
    raised_at = complaint.changed_at if complaint.state == ComplaintState.WITHDRAWN else None
    for action in ordered(actions):
        # An action cannot come before what it is about; clocks differ.
        at = max(action.acted_at, complaint.opened_at)
        if raised_at is not None and raised_at < at:
            _raise(machine, max(raised_at, complaint.opened_at))
            raised_at = None
        machine.run_to(at, inclusive=False)
        machine.act(action, at)
    if raised_at is not None:
        _raise(machine, max(raised_at, complaint.opened_at))
    machine.run_to(now, inclusive=True)
    version = (complaint.version + len(actions)) << _TIMER_BITS | min(machine.fired, _MOST_TIMERS)
    return Folded(
        version,
        _case(complaint, machine, version),
        machine.events,
        _answers(complaint, machine, version),
        machine.next_timer_at,
    )


def _raise(machine: CaseMachine, at: int) -> None:
    machine.run_to(at, inclusive=False)
    machine.raise_score(at)


def orphans(complaint_id: str, actions: Sequence[ComplaintAction]) -> Folded:
    """What is said of actions about a complaint that nobody knows: refused, until it turns up."""
    events = [
        ComplaintEvent(
            event_id=case_event_id(complaint_id, "ACTION", action.action_id),
            version=0,
            complaint_id=complaint_id,
            office="",
            unit="",
            kind=CaseEventKind.REFUSED,
            occurred_at=action.acted_at,
            action_id=action.action_id,
            action=action.action,
            actor_role=action.actor_role,
            actor=action.handler,
            refusal=Refusal.UNKNOWN_COMPLAINT,
            state="",
            rule=None,
            due_at=None,
        )
        for action in ordered(actions)
    ]
    return Folded(len(actions), None, events, (), None)


def _case(complaint: Complaint, machine: CaseMachine, version: int) -> ComplaintCase:
    protected = machine.track == Track.DENUNCIATION
    running = [clock.due_at for clock in machine.clocks if clock.running and clock.due_at is not None]
    return ComplaintCase(
        complaint_id=complaint.complaint_id,
        version=version,
        office=complaint.office,
        unit=machine.unit,
        level=machine.level,
        declaration_no=None if protected else complaint.declaration_no,
        sheet_id=None if protected else complaint.sheet_id,
        tax_code=None if protected else complaint.tax_code,
        track=machine.track,
        state=machine.state,
        priority=complaint.priority,
        priority_reasons=complaint.priority_reasons,
        lowest_score=complaint.lowest_score,
        opened_at=complaint.opened_at,
        changed_at=machine.changed_at,
        acknowledged_at=machine.acknowledged_at,
        resolved_at=machine.resolved_at,
        answered_at=machine.answered_at,
        closed_at=machine.closed_at,
        finding=machine.finding,
        handling_score=machine.handling_score,
        asked=machine.asked,
        reopened=machine.reopened,
        is_complex=machine.is_complex,
        legal_hold=machine.legal_hold,
        merged_into=machine.merged_into,
        absorbed=tuple(machine.absorbed),
        excluded_officials=complaint.excluded_officials,
        clocks=tuple(clock.record() for clock in machine.clocks),
        overdue=machine.overdue,
        next_due_at=min(running, default=None),
        erased_at=machine.erased_at,
        accepted_actions=machine.accepted,
        refused_actions=machine.refused,
    )


def _answers(complaint: Complaint, machine: CaseMachine, version: int) -> list[ComplaintAnswer]:
    """Of a denunciation none is published: who reads the topic would learn who sent it."""
    if machine.track == Track.DENUNCIATION:
        return []
    return [
        ComplaintAnswer(
            answer_id=answer_id(complaint.complaint_id, answer.action_id),
            version=version,
            complaint_id=complaint.complaint_id,
            declaration_no=complaint.declaration_no,
            sheet_id=complaint.sheet_id,
            tax_code=complaint.tax_code,
            office=complaint.office,
            unit=unit,
            track=machine.track,
            answered_at=answer.acted_at,
            finding=finding,
            found=resolution.text,
            measures=resolution.measures,
            text=answer.text,
            withdrawn=False,
        )
        for resolution, answer, unit, finding in machine.answers
    ]
