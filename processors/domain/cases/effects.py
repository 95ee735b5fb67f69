"""What an allowed action changes in a case besides its state, which the table of transitions gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from processors.domain.cases.case import Case, GivenAnswer
from schemas.records.cases import CaseAction, CasePhase, CaseState, ComplaintAction, Finding
from schemas.records.complaints import CaseTrack

Effect = Callable[[Case, ComplaintAction, int], None]
"""Applies an action, done at an instant, to a case."""


def _acknowledge(case: Case, _action: ComplaintAction, at: int) -> None:
    case.acknowledge(at)


def _ask(case: Case, _action: ComplaintAction, at: int) -> None:
    case.acknowledge(at)
    case.asked = True
    case.wait(at)


def _pause(case: Case, _action: ComplaintAction, at: int) -> None:
    case.pause_clocks(at)


def _resume(case: Case, _action: ComplaintAction, at: int) -> None:
    case.resume_clocks(at)


def _resolve(case: Case, action: ComplaintAction, at: int) -> None:
    case.acknowledge(at)
    case.meet(at, CasePhase.RESOLVE)
    case.resolved_at = at
    case.finding = Finding.REJECTED if action.action == CaseAction.REJECT else action.finding
    case.resolution = action
    case.start_clock(case.limits.answer, CasePhase.ANSWER, at)


def _answer(case: Case, action: ComplaintAction, at: int) -> None:
    case.answered_at = at
    case.meet(at, CasePhase.ANSWER)
    if case.resolution is not None and case.finding is not None:
        case.answers.append(GivenAnswer(case.resolution, action, case.unit, case.finding))


def _file(case: Case, _action: ComplaintAction, at: int) -> None:
    case.acknowledge(at)
    case.meet(at, CasePhase.RESOLVE)


def _thank(case: Case, action: ComplaintAction, at: int) -> None:
    case.acknowledge(at)
    case.answered_at = at
    case.answers.append(GivenAnswer(action, action, case.unit, Finding.NOTED))


def _withdraw(case: Case, _action: ComplaintAction, at: int) -> None:
    case.end_clocks(at)


def _merge(case: Case, action: ComplaintAction, at: int) -> None:
    case.end_clocks(at)
    case.merged_into = action.other_complaint


def _absorb(case: Case, action: ComplaintAction, _at: int) -> None:
    if action.other_complaint is not None and action.other_complaint not in case.absorbed:
        case.absorbed.append(action.other_complaint)


def _escalate(case: Case, _action: ComplaintAction, _at: int) -> None:
    case.level += 1


def _mark_complex(case: Case, _action: ComplaintAction, at: int) -> None:
    case.is_complex = True
    rule = case.resolve_limit
    for clock in case.open_clocks(CasePhase.RESOLVE):
        if rule is not None and not clock.passed(at):  # late stays late: what has passed is not made longer
            clock.limit = case.context.policy.limits.get(rule, clock.started_at)
            clock.schedule(case.context.calendar)


def _request_erasure(case: Case, _action: ComplaintAction, at: int) -> None:
    if not case.open_clocks(CasePhase.ERASE):
        case.start_clock(case.context.policy.erase, CasePhase.ERASE, at)


def _erase(case: Case, _action: ComplaintAction, at: int) -> None:
    # May be repeated: whoever was interrupted before writing the tombstone must be able to finish.
    case.meet(at, CasePhase.ERASE)
    case.erased_at = at if case.erased_at is None else case.erased_at


def _hold(case: Case, action: ComplaintAction, _at: int) -> None:
    case.legal_hold = action.action == CaseAction.HOLD


def _rate(case: Case, action: ComplaintAction, at: int) -> None:
    case.handling_score = action.score
    poor = action.score is not None and action.score <= case.context.policy.poor_score
    if poor and not case.reopened:
        case.enter(CaseState.REOPENED, at)
        case.reopen(at, case.level)
    elif not poor:
        case.enter(CaseState.CLOSED, at)


def _appeal(case: Case, _action: ComplaintAction, at: int) -> None:
    case.appealed = True
    case.reopen(at, min(case.level + 1, len(case.units) - 1))


def _transfer(case: Case, action: ComplaintAction, at: int) -> None:
    if action.to_unit is not None:
        case.units = (action.to_unit, *case.context.hierarchy.above(action.to_unit, at))
        case.level = 0
        case.restart_clocks(at)


def _supply(case: Case, action: ComplaintAction, at: int) -> None:
    if case.track == CaseTrack.SIGNAL and action.text:
        case.become_feedback(at)


def _change_track(case: Case, action: ComplaintAction, at: int) -> None:
    case.track = action.track or case.track
    case.restart_clocks(at)


BEFORE: Mapping[str, Effect] = {
    CaseAction.ACKNOWLEDGE: _acknowledge,
    CaseAction.VERIFY: _acknowledge,
    CaseAction.ASK: _ask,
    CaseAction.SUSPEND: _pause,
    CaseAction.SUPPLY: _resume,
    CaseAction.RESUME: _resume,
    CaseAction.RESOLVE: _resolve,
    CaseAction.REJECT: _resolve,
    CaseAction.ANSWER: _answer,
    CaseAction.FILE: _file,
    CaseAction.THANK: _thank,
    CaseAction.WITHDRAW: _withdraw,
    CaseAction.MERGE: _merge,
    CaseAction.ABSORB: _absorb,
    CaseAction.ESCALATE: _escalate,
    CaseAction.MARK_COMPLEX: _mark_complex,
    CaseAction.REQUEST_ERASURE: _request_erasure,
    CaseAction.ERASE: _erase,
    CaseAction.HOLD: _hold,
    CaseAction.RELEASE_HOLD: _hold,
}
"""Effects applied before the state of the table is entered."""

AFTER: Mapping[str, Effect] = {
    CaseAction.SUPPLY: _supply,
    CaseAction.RATE_HANDLING: _rate,
    CaseAction.APPEAL: _appeal,
    CaseAction.TRANSFER: _transfer,
    CaseAction.CHANGE_TRACK: _change_track,
}
"""Effects applied after that."""
