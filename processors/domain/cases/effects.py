"""What an allowed action does to a case besides the state that the table gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from schemas.records import CaseAction, CasePhase, CaseState, ComplaintAction, Finding

if TYPE_CHECKING:  # the machine applies what is written here
    from processors.domain.cases.state_machine import CaseMachine

Effect = Callable[["CaseMachine", ComplaintAction, int], None]
"""Changes a case for an action done at an instant."""


def _acknowledge(case: CaseMachine, _action: ComplaintAction, at: int) -> None:
    case.acknowledge(at)


def _ask(case: CaseMachine, _action: ComplaintAction, at: int) -> None:
    case.acknowledge(at)
    case.asked = True
    _pause(case, _action, at)


def _pause(case: CaseMachine, _action: ComplaintAction, at: int) -> None:
    for clock in case.open_clocks(CasePhase.RESOLVE):
        clock.pause(at)


def _resume(case: CaseMachine, _action: ComplaintAction, at: int) -> None:
    for clock in case.clocks:
        clock.resume(at, case.world.calendar)


def _resolve(case: CaseMachine, action: ComplaintAction, at: int) -> None:
    case.acknowledge(at)
    case.meet(at, CasePhase.RESOLVE)
    case.resolved_at = at
    case.finding = Finding.REJECTED if action.action == CaseAction.REJECT else action.finding
    case.resolution = action
    if case.limits.answer is not None:
        case.begin(case.limits.answer, CasePhase.ANSWER, at)


def _answer(case: CaseMachine, action: ComplaintAction, at: int) -> None:
    case.answered_at = at
    case.meet(at, CasePhase.ANSWER)
    if case.resolution is not None and case.finding is not None:
        case.answers.append((case.resolution, action, case.unit, case.finding))


def _withdraw(case: CaseMachine, _action: ComplaintAction, at: int) -> None:
    case.end_clocks(at)


def _merge(case: CaseMachine, action: ComplaintAction, at: int) -> None:
    case.end_clocks(at)
    case.merged_into = action.other_complaint


def _absorb(case: CaseMachine, action: ComplaintAction, _at: int) -> None:
    if action.other_complaint is not None and action.other_complaint not in case.absorbed:
        case.absorbed.append(action.other_complaint)


def _escalate(case: CaseMachine, _action: ComplaintAction, _at: int) -> None:
    case.level += 1


def _mark_complex(case: CaseMachine, _action: ComplaintAction, _at: int) -> None:
    case.is_complex = True
    for clock in case.open_clocks(CasePhase.RESOLVE):
        clock.limit = case.world.policy.limits.get(case.resolve_limit(), clock.started_at)
        clock.schedule(case.world.calendar)


def _request_erasure(case: CaseMachine, _action: ComplaintAction, at: int) -> None:
    if not case.open_clocks(CasePhase.ERASE):
        case.begin(case.world.policy.erase, CasePhase.ERASE, at)


def _erase(case: CaseMachine, _action: ComplaintAction, at: int) -> None:
    # Again is allowed: who was cut off between this and the tombstone must be able to complete it.
    case.meet(at, CasePhase.ERASE)
    case.erased_at = at if case.erased_at is None else case.erased_at


def _hold(case: CaseMachine, action: ComplaintAction, _at: int) -> None:
    case.legal_hold = action.action == CaseAction.HOLD


def _rate(case: CaseMachine, action: ComplaintAction, at: int) -> None:
    case.handling_score = action.score
    poor = action.score is not None and action.score <= case.world.policy.poor_score
    if poor and not case.reopened:
        case.enter(CaseState.REOPENED, at)
        case.reopen(at, case.level)
    elif not poor:
        case.enter(CaseState.CLOSED, at)


def _appeal(case: CaseMachine, _action: ComplaintAction, at: int) -> None:
    case.appealed = True
    case.reopen(at, min(case.level + 1, len(case.units) - 1))


def _transfer(case: CaseMachine, action: ComplaintAction, at: int) -> None:
    if action.to_unit is not None:
        case.units = (action.to_unit, *case.world.hierarchy.above(action.to_unit, at))
        case.level = 0
        case.begin_again(at)


def _change_track(case: CaseMachine, action: ComplaintAction, at: int) -> None:
    case.track = action.track or case.track
    case.begin_again(at)


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
"""Before the state of the table is entered."""

AFTER: Mapping[str, Effect] = {
    CaseAction.RATE_HANDLING: _rate,
    CaseAction.APPEAL: _appeal,
    CaseAction.TRANSFER: _transfer,
    CaseAction.CHANGE_TRACK: _change_track,
}
"""After it."""
