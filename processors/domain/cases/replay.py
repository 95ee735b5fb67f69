"""Computes the state of a case from its complaint and actions: a function of the set of inputs and of time.

Actions count in the order in which they were done, not in which they arrived. A late action may therefore change the
outcome of others; the changed events are published again with a higher version.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from processors.domain.cases.guards import Refusal
from processors.domain.cases.policy import CaseContext
from processors.domain.cases.state_machine import CaseMachine
from schemas.ids import answer_id, case_event_id
from schemas.records.cases import CaseEventKind, ComplaintAction, ComplaintAnswer, ComplaintCase, ComplaintEvent
from schemas.records.complaints import Complaint, ComplaintState, Track

RULES_EDITION = 2
"""Raise it by one when changed rules let timers fire otherwise for the same inputs.

It is part of every version: what new rules compute replaces what old ones published, also where fewer timers fired.
"""

_TIMER_BITS = 10
_MOST_TIMERS = (1 << _TIMER_BITS) - 1


@dataclass(frozen=True, slots=True)
class ReplayedCase:
    """A case as of one instant.

    Attributes:
        version: The version of everything that is published of the case now.
        case: Its state; None when the complaint is not known.
        events: What happened, in order of time, with version 0 in place of `version`.
        answers: The answers given.
        next_at: When the next timer fires; None: never.
    """

    version: int
    case: ComplaintCase | None
    events: Sequence[ComplaintEvent]
    answers: Sequence[ComplaintAnswer]
    next_at: int | None


def ordered_actions(actions: Iterable[ComplaintAction]) -> list[ComplaintAction]:
    """Actions in the order in which they count; of several versions of one id only the greatest."""
    best: dict[str, ComplaintAction] = {}
    for action in actions:
        known = best.get(action.action_id)
        if known is None or _content(action) > _content(known):
            best[action.action_id] = action
    return sorted(best.values(), key=lambda action: (action.acted_at, action.action_id))


def _content(action: ComplaintAction) -> tuple[int, str]:
    return action.acted_at, repr(action)


def replay_case(
    complaint: Complaint, actions: Sequence[ComplaintAction], context: CaseContext, now: int
) -> ReplayedCase:
    """The case as of `now`.

    Args:
        complaint: The newest known version.
        actions: All known actions, every distinct version of each.
        context: Policy, calendar and hierarchy.
        now: Timers fire up to this instant, epoch milliseconds, and at least up to the last action.
    """
    machine = CaseMachine(complaint, context)
    changes = deque(_sheet_changes(complaint, machine))
    for action in ordered_actions(actions):
        # Clocks differ: an action counts as done after the complaint was opened.
        at = max(action.acted_at, complaint.opened_at)
        while changes and changes[0][0] < at:
            changed_at, change = changes.popleft()
            change(changed_at)
        machine.run_to(at, inclusive=False)
        machine.act(action, at)
    for changed_at, change in changes:
        change(changed_at)
    machine.run_to(now, inclusive=True)
    inputs = complaint.version + len(actions) + RULES_EDITION
    version = inputs << _TIMER_BITS | min(machine.fired, _MOST_TIMERS)
    return ReplayedCase(
        version,
        _case(complaint, machine, version),
        machine.events,
        _answers(complaint, machine, version),
        machine.next_timer_at,
    )


def _sheet_changes(complaint: Complaint, machine: CaseMachine) -> Iterator[tuple[int, Callable[[int], None]]]:
    """What later revisions of the sheet changed, with their times, in order.

    Content that came with the revision that raised the scores makes no feedback: nothing is left to complain of.
    """
    content_since = complaint.content_since
    withdrawn = complaint.state == ComplaintState.WITHDRAWN
    came_later = content_since is not None and content_since > complaint.opened_at
    if content_since is not None and came_later and not (withdrawn and content_since >= complaint.changed_at):
        yield content_since, machine.add_content
    if withdrawn:
        yield max(complaint.changed_at, complaint.opened_at), machine.withdraw_low_scores


def refuse_orphans(complaint_id: str, actions: Sequence[ComplaintAction]) -> ReplayedCase:
    """Refuse actions whose complaint is not known, until it appears."""
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
        for action in ordered_actions(actions)
    ]
    return ReplayedCase(len(actions), None, events, (), None)


def _case(complaint: Complaint, machine: CaseMachine, version: int) -> ComplaintCase:
    case = machine.case
    protected = case.track == Track.DENUNCIATION
    running = [clock.due_at for clock in case.clocks if clock.running and clock.due_at is not None]
    return ComplaintCase(
        complaint_id=complaint.complaint_id,
        version=version,
        office=complaint.office,
        unit=case.unit,
        level=case.level,
        declaration_no=None if protected else complaint.declaration_no,
        sheet_id=None if protected else complaint.sheet_id,
        tax_code=None if protected else complaint.tax_code,
        track=case.track,
        state=case.state,
        priority=complaint.priority,
        priority_reasons=complaint.priority_reasons,
        lowest_score=complaint.lowest_score,
        opened_at=complaint.opened_at,
        changed_at=case.changed_at,
        acknowledged_at=case.acknowledged_at,
        resolved_at=case.resolved_at,
        answered_at=case.answered_at,
        closed_at=case.closed_at,
        finding=case.finding,
        handling_score=case.handling_score,
        asked=case.asked,
        reopened=case.reopened,
        is_complex=case.is_complex,
        legal_hold=case.legal_hold,
        merged_into=case.merged_into,
        absorbed=tuple(case.absorbed),
        excluded_officials=complaint.excluded_officials,
        clocks=tuple(clock.record() for clock in case.clocks),
        overdue=machine.overdue,
        next_due_at=min(running, default=None),
        erased_at=case.erased_at,
        accepted_actions=machine.accepted,
        refused_actions=machine.refused,
    )


def _answers(complaint: Complaint, machine: CaseMachine, version: int) -> list[ComplaintAnswer]:
    """The answers; none for a denunciation, because a reader of the topic would learn who sent it."""
    if machine.case.track == Track.DENUNCIATION:
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
            track=machine.case.track,
            answered_at=answer.acted_at,
            finding=finding,
            found=None if resolution is answer else resolution.text,
            measures=resolution.measures,
            text=answer.text,
            withdrawn=False,
        )
        for resolution, answer, unit, finding in machine.case.answers
    ]
