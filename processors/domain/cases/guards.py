"""Whether this actor may apply an action to a case. The first reason to refuse counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from processors.domain.cases.case import Case
from processors.domain.cases.transitions import ACTIONS, TABLE
from schemas.records.cases import ActorRole, CaseAction, ComplaintAction, Finding
from schemas.records.complaints import CaseTrack, Track


class Refusal(StrEnum):
    """Why an action was refused. Part of the contract: `complaint-event` carries these words."""

    UNKNOWN_ACTION = "UNKNOWN_ACTION"
    UNKNOWN_COMPLAINT = "UNKNOWN_COMPLAINT"
    NOT_IN_THIS_STATE = "NOT_IN_THIS_STATE"
    NOT_IN_THIS_ROLE = "NOT_IN_THIS_ROLE"
    NOT_NAMED = "NOT_NAMED"
    RATED_OFFICIAL = "RATED_OFFICIAL"
    NOT_RESPONSIBLE = "NOT_RESPONSIBLE"
    NOT_THE_ENTERPRISE = "NOT_THE_ENTERPRISE"
    ALREADY_ASKED = "ALREADY_ASKED"
    NOT_ASKED = "NOT_ASKED"
    ALREADY_REOPENED = "ALREADY_REOPENED"
    ALREADY_SO = "ALREADY_SO"
    NO_COMPLEX_LIMIT = "NO_COMPLEX_LIMIT"
    NOT_ON_THIS_TRACK = "NOT_ON_THIS_TRACK"
    NOT_IN_FORCE = "NOT_IN_FORCE"
    OUT_OF_TIME = "OUT_OF_TIME"
    NO_UNIT_ABOVE = "NO_UNIT_ABOVE"
    UNKNOWN_UNIT = "UNKNOWN_UNIT"
    NO_FINDING = "NO_FINDING"
    NO_TEXT = "NO_TEXT"
    NO_SCORE = "NO_SCORE"
    NO_TRACK = "NO_TRACK"
    NO_OTHER_COMPLAINT = "NO_OTHER_COMPLAINT"
    LEGAL_HOLD = "LEGAL_HOLD"
    ERASED = "ERASED"


Guard = tuple[Refusal, Callable[[ComplaintAction, Case, int], bool]]
"""A reason to refuse, and whether it applies to an action done to a case at an instant."""

_A = CaseAction


def _unknown_unit(action: ComplaintAction, case: Case, at: int) -> bool:
    return action.to_unit is None or not case.context.hierarchy.known(action.to_unit, at)


def _over(rule: str, started_at: int, case: Case, at: int) -> bool:
    """Whether the period for an act of the enterprise has ended. One that ends outside the calendar has not."""
    end = case.end_of(rule, started_at)
    return end is not None and at > end


def _appeals_too_late(_action: ComplaintAction, case: Case, at: int) -> bool:
    return case.answered_at is not None and _over(case.context.policy.appeal, case.answered_at, case, at)


def _complains_too_late(action: ComplaintAction, case: Case, at: int) -> bool:
    # The period runs from the decision or act. It was no later than the score, so what is refused is surely too late.
    formal = action.actor_role == ActorRole.ENTERPRISE and action.track == Track.COMPLAINT
    return formal and _over(case.context.policy.lodge, case.complaint.opened_at, case, at)


def _says_nothing(action: ComplaintAction, case: Case, _at: int) -> bool:
    """Whether an enterprise makes feedback of a signal without a word; an officer may judge, an enterprise must say."""
    by_enterprise = action.actor_role == ActorRole.ENTERPRISE
    return by_enterprise and case.track == CaseTrack.SIGNAL and action.track == Track.FEEDBACK and not action.text


def _not_to_be_filed(action: ComplaintAction, case: Case, _at: int) -> bool:
    """Whether there is more to a case than to look at it. What was filed as a remark is no signal that was filed."""
    if case.track == CaseTrack.SIGNAL:
        return action.acted_at < case.complaint.opened_at
    return case.track != CaseTrack.REMARK


_FINDINGS = frozenset({Finding.UPHELD, Finding.PARTLY_UPHELD, Finding.NOT_UPHELD})
_NO_TEXT: Guard = (Refusal.NO_TEXT, lambda action, _case, _at: not action.text)
_NO_OTHER: Guard = (
    Refusal.NO_OTHER_COMPLAINT,
    lambda action, _case, _at: action.other_complaint in (None, action.complaint_id),
)
_FORMAL: Guard = (Refusal.NOT_ON_THIS_TRACK, lambda _action, case, _at: case.track != Track.COMPLAINT)

_OF_REMARKS = frozenset(
    {
        *(_A.THANK, _A.FILE, _A.CHANGE_TRACK, _A.TRANSFER, _A.WITHDRAW, _A.READ_COMMENT, _A.REVEAL),
        *(_A.REQUEST_ERASURE, _A.ERASE, _A.HOLD, _A.RELEASE_HOLD),
    }
)
"""What may be done about a remark; for everything else it has to be opened as feedback first."""

GUARDS: Mapping[str, tuple[Guard, ...]] = {
    _A.ASK: ((Refusal.ALREADY_ASKED, lambda _action, case, _at: case.asked),),
    _A.SUPPLY: ((Refusal.NOT_ASKED, lambda _action, case, _at: not case.asked),),
    _A.SUSPEND: (_FORMAL, (Refusal.NOT_IN_FORCE, lambda _action, case, at: at < case.context.policy.suspension_since)),
    _A.RESOLVE: ((Refusal.NO_FINDING, lambda action, _case, _at: action.finding not in _FINDINGS), _NO_TEXT),
    _A.REJECT: (_NO_TEXT,),
    _A.ANSWER: (_NO_TEXT,),
    _A.FILE: ((Refusal.NOT_ON_THIS_TRACK, _not_to_be_filed),),
    _A.THANK: ((Refusal.NOT_ON_THIS_TRACK, lambda _action, case, _at: case.track != CaseTrack.REMARK), _NO_TEXT),
    _A.RATE_HANDLING: ((Refusal.NO_SCORE, lambda action, _case, _at: action.score is None),),
    _A.APPEAL: (
        _FORMAL,
        (Refusal.ALREADY_REOPENED, lambda _action, case, _at: case.reopened),
        (Refusal.OUT_OF_TIME, _appeals_too_late),
    ),
    _A.MERGE: (_NO_OTHER,),
    _A.ABSORB: (_NO_OTHER,),
    _A.TRANSFER: (
        (Refusal.UNKNOWN_UNIT, _unknown_unit),
        (Refusal.ALREADY_SO, lambda action, case, _at: action.to_unit == case.units[0]),
    ),
    _A.ESCALATE: ((Refusal.NO_UNIT_ABOVE, lambda _action, case, _at: case.at_top),),
    _A.CHANGE_TRACK: (
        (Refusal.NO_TRACK, lambda action, _case, _at: action.track not in tuple(Track)),
        (Refusal.ALREADY_SO, lambda action, case, _at: action.track == case.track),
        (Refusal.NO_TEXT, _says_nothing),
        (Refusal.OUT_OF_TIME, _complains_too_late),
    ),
    _A.MARK_COMPLEX: (
        (Refusal.ALREADY_SO, lambda _action, case, _at: case.is_complex),
        (Refusal.NO_COMPLEX_LIMIT, lambda _action, case, _at: case.limits.resolve_complex is None),
    ),
    _A.REVEAL: (_NO_TEXT, (Refusal.ERASED, lambda _action, case, _at: case.erased_at is not None)),
    _A.REQUEST_ERASURE: ((Refusal.ERASED, lambda _action, case, _at: case.erased_at is not None),),
    _A.ERASE: (_NO_TEXT, (Refusal.LEGAL_HOLD, lambda _action, case, _at: case.legal_hold)),
    _A.HOLD: ((Refusal.ALREADY_SO, lambda _action, case, _at: case.legal_hold),),
    _A.RELEASE_HOLD: ((Refusal.ALREADY_SO, lambda _action, case, _at: not case.legal_hold),),
}
"""What an action requires besides the right state and actor."""


def refusal(action: ComplaintAction, case: Case, at: int) -> Refusal | None:
    """Why an action done at `at` is refused; None: it is allowed."""
    if action.action not in ACTIONS:
        return Refusal.UNKNOWN_ACTION
    rule = TABLE.get((case.state, action.action))
    if rule is None:
        return Refusal.NOT_IN_THIS_STATE
    if action.actor_role not in rule.by:
        return Refusal.NOT_IN_THIS_ROLE
    if case.track == CaseTrack.REMARK and action.action not in _OF_REMARKS:
        return Refusal.NOT_ON_THIS_TRACK
    wrong = (why for why, applies in GUARDS.get(action.action, ()) if applies(action, case, at))
    return _actor(action, case) or next(wrong, None)


def _actor(action: ComplaintAction, case: Case) -> Refusal | None:
    if action.actor is None:
        return Refusal.NOT_NAMED
    if action.actor_role == ActorRole.ENTERPRISE:
        return None if case.complaint.tax_code in (None, action.actor) else Refusal.NOT_THE_ENTERPRISE
    if action.actor in case.complaint.excluded_officials:
        return Refusal.RATED_OFFICIAL
    return None if action.unit in case.units else Refusal.NOT_RESPONSIBLE
