"""Whether an action that the state table knows may be done by this actor to this case. The first reason counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from processors.domain.cases.transitions import ACTIONS, TABLE
from schemas.records import ActorRole, CaseAction, CaseState, ComplaintAction, Finding, Track


class Refusal(StrEnum):
    """Why an action was refused. Part of the contract: these words stand in `complaint-event`."""

    UNKNOWN_ACTION = "UNKNOWN_ACTION"
    UNKNOWN_COMPLAINT = "UNKNOWN_COMPLAINT"
    NOT_IN_THIS_STATE = "NOT_IN_THIS_STATE"
    NOT_IN_THIS_ROLE = "NOT_IN_THIS_ROLE"
    NOT_NAMED = "NOT_NAMED"
    RATED_OFFICIAL = "RATED_OFFICIAL"
    NOT_RESPONSIBLE = "NOT_RESPONSIBLE"
    NOT_THE_ENTERPRISE = "NOT_THE_ENTERPRISE"
    ALREADY_ASKED = "ALREADY_ASKED"
    ALREADY_REOPENED = "ALREADY_REOPENED"
    ALREADY_SO = "ALREADY_SO"
    NO_COMPLEX_LIMIT = "NO_COMPLEX_LIMIT"
    NOT_ON_THIS_TRACK = "NOT_ON_THIS_TRACK"
    NOT_IN_FORCE = "NOT_IN_FORCE"
    NO_UNIT_ABOVE = "NO_UNIT_ABOVE"
    UNKNOWN_UNIT = "UNKNOWN_UNIT"
    NO_FINDING = "NO_FINDING"
    NO_TEXT = "NO_TEXT"
    NO_SCORE = "NO_SCORE"
    NO_TRACK = "NO_TRACK"
    NO_OTHER_COMPLAINT = "NO_OTHER_COMPLAINT"
    LEGAL_HOLD = "LEGAL_HOLD"
    ERASED = "ERASED"


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a case decides about an action.

    Attributes:
        state: Its state.
        track: Its legal track.
        tax_code: The enterprise that sent the sheet, if it said so.
        excluded: Officials who were rated: they handle nothing of it.
        units: The unit that was given it, and those above.
        level: How far up it has gone.
        asked: Whether a supplement was asked for since it was opened or reopened.
        reopened: Whether it was reopened.
        is_complex: Whether it was declared complex.
        complex_limit: Whether its track has a limit for that.
        legal_hold: Whether it is held.
        erased: Whether the key of its contact was destroyed.
        suspension_in_force: Whether the law allows suspension at that time.
        unit_known: Whether the unit it would be given to exists.
    """

    state: CaseState
    track: str
    tax_code: str | None
    excluded: Collection[str]
    units: tuple[str, ...]
    level: int
    asked: bool
    reopened: bool
    is_complex: bool
    complex_limit: bool
    legal_hold: bool
    erased: bool
    suspension_in_force: bool
    unit_known: bool


Guard = tuple[Refusal, Callable[[ComplaintAction, Standing], bool]]
"""A reason to refuse, and when it applies."""

_A = CaseAction
_FINDINGS = frozenset({Finding.UPHELD, Finding.PARTLY_UPHELD, Finding.NOT_UPHELD})
_NO_TEXT: Guard = (Refusal.NO_TEXT, lambda action, _case: not action.text)
_NO_OTHER: Guard = (
    Refusal.NO_OTHER_COMPLAINT,
    lambda action, _case: action.other_complaint in (None, action.complaint_id),
)
_FORMAL: Guard = (Refusal.NOT_ON_THIS_TRACK, lambda _action, case: case.track != Track.COMPLAINT)

GUARDS: Mapping[str, tuple[Guard, ...]] = {
    _A.ASK: ((Refusal.ALREADY_ASKED, lambda _action, case: case.asked),),
    _A.SUSPEND: (_FORMAL, (Refusal.NOT_IN_FORCE, lambda _action, case: not case.suspension_in_force)),
    _A.RESOLVE: ((Refusal.NO_FINDING, lambda action, _case: action.finding not in _FINDINGS), _NO_TEXT),
    _A.REJECT: (_NO_TEXT,),
    _A.ANSWER: (_NO_TEXT,),
    _A.RATE_HANDLING: ((Refusal.NO_SCORE, lambda action, _case: action.score is None),),
    _A.APPEAL: (_FORMAL, (Refusal.ALREADY_REOPENED, lambda _action, case: case.reopened)),
    _A.MERGE: (_NO_OTHER,),
    _A.ABSORB: (_NO_OTHER,),
    _A.TRANSFER: (
        (Refusal.UNKNOWN_UNIT, lambda _action, case: not case.unit_known),
        (Refusal.ALREADY_SO, lambda action, case: action.to_unit == case.units[0]),
    ),
    _A.ESCALATE: ((Refusal.NO_UNIT_ABOVE, lambda _action, case: case.level + 1 >= len(case.units)),),
    _A.CHANGE_TRACK: (
        (Refusal.NO_TRACK, lambda action, _case: action.track not in tuple(Track)),
        (Refusal.ALREADY_SO, lambda action, case: action.track == case.track),
    ),
    _A.MARK_COMPLEX: (
        (Refusal.ALREADY_SO, lambda _action, case: case.is_complex),
        (Refusal.NO_COMPLEX_LIMIT, lambda _action, case: not case.complex_limit),
    ),
    _A.REVEAL: (_NO_TEXT, (Refusal.ERASED, lambda _action, case: case.erased)),
    _A.REQUEST_ERASURE: ((Refusal.ERASED, lambda _action, case: case.erased),),
    _A.ERASE: (_NO_TEXT, (Refusal.LEGAL_HOLD, lambda _action, case: case.legal_hold)),
    _A.HOLD: ((Refusal.ALREADY_SO, lambda _action, case: case.legal_hold),),
    _A.RELEASE_HOLD: ((Refusal.ALREADY_SO, lambda _action, case: not case.legal_hold),),
}
"""What an action asks for beyond its state and its actor."""


def refusal(action: ComplaintAction, case: Standing) -> Refusal | None:
    """Why the action is refused; None: it is allowed."""
    if action.action not in ACTIONS:
        return Refusal.UNKNOWN_ACTION
    rule = TABLE.get((case.state, action.action))
    if rule is None:
        return Refusal.NOT_IN_THIS_STATE
    if action.actor_role not in rule.by:
        return Refusal.NOT_IN_THIS_ROLE
    wrong = (why for why, applies in GUARDS.get(action.action, ()) if applies(action, case))
    return _actor(action, case) or next(wrong, None)


def _actor(action: ComplaintAction, case: Standing) -> Refusal | None:
    if action.actor is None:
        return Refusal.NOT_NAMED
    if action.actor_role == ActorRole.ENTERPRISE:
        return None if case.tax_code in (None, action.actor) else Refusal.NOT_THE_ENTERPRISE
    if action.actor in case.excluded:
        return Refusal.RATED_OFFICIAL
    return None if action.unit in case.units else Refusal.NOT_RESPONSIBLE
