"""The state table of a complaint's handling. docs/complaints.md prints it; a test holds the two against each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.records.cases import ActorRole, CaseAction, CaseState

_S, _A = CaseState, CaseAction


@dataclass(frozen=True, slots=True)
class Transition:
    """The effect of an action in a state.

    Attributes:
        to: The state after it; None: the state stays.
        by: Who may do it.
    """

    to: CaseState | None
    by: frozenset[ActorRole]


_HANDLER = frozenset({ActorRole.HANDLER})
_ENTERPRISE = frozenset({ActorRole.ENTERPRISE})
_EITHER = _HANDLER | _ENTERPRISE

NEW = (_S.OPENED, _S.REOPENED)
"""Nobody has acknowledged it yet."""

BEING_HANDLED = (*NEW, _S.ACKNOWLEDGED, _S.VERIFYING)
HALTED = (_S.WAITING, _S.SUSPENDED)
UNANSWERED = (*BEING_HANDLED, *HALTED, _S.RESOLVED)
"""The enterprise has no answer yet. Legal limits run or are paused."""

AFTER_ANSWER = (_S.ANSWERED, _S.CLOSED)
SETTLED = (_S.RESOLVED, *AFTER_ANSWER, _S.WITHDRAWN)
"""Nothing is left to be found out. A merged case is not among them: the other one goes on."""

ENDED = (_S.CLOSED, _S.WITHDRAWN, _S.MERGED)


def _rows() -> Iterable[tuple[CaseAction, tuple[CaseState, ...], CaseState | None, frozenset[ActorRole]]]:
    yield _A.ACKNOWLEDGE, NEW, _S.ACKNOWLEDGED, _HANDLER
    yield _A.VERIFY, (*NEW, _S.ACKNOWLEDGED), _S.VERIFYING, _HANDLER
    yield _A.ASK, BEING_HANDLED, _S.WAITING, _HANDLER
    # Also after the wait: what comes late is still read.
    yield _A.SUPPLY, (_S.VERIFYING, _S.WAITING), _S.VERIFYING, _ENTERPRISE
    yield _A.SUSPEND, (_S.ACKNOWLEDGED, _S.VERIFYING), _S.SUSPENDED, _HANDLER
    yield _A.RESUME, HALTED, _S.VERIFYING, _HANDLER
    yield _A.RESOLVE, (_S.ACKNOWLEDGED, _S.VERIFYING), _S.RESOLVED, _HANDLER
    yield _A.REJECT, BEING_HANDLED, _S.RESOLVED, _HANDLER
    yield _A.ANSWER, (_S.RESOLVED,), _S.ANSWERED, _HANDLER
    yield _A.CLOSE, (_S.ANSWERED,), _S.CLOSED, _HANDLER
    yield _A.FILE, (*BEING_HANDLED, _S.RESOLVED), _S.CLOSED, _HANDLER
    yield _A.THANK, BEING_HANDLED, _S.CLOSED, _HANDLER
    yield _A.RATE_HANDLING, AFTER_ANSWER, None, _ENTERPRISE
    yield _A.APPEAL, AFTER_ANSWER, _S.REOPENED, _ENTERPRISE
    yield _A.WITHDRAW, UNANSWERED, _S.WITHDRAWN, _ENTERPRISE
    yield _A.MERGE, BEING_HANDLED, _S.MERGED, _HANDLER
    yield _A.ABSORB, BEING_HANDLED, None, _HANDLER
    yield _A.TRANSFER, BEING_HANDLED, _S.OPENED, _HANDLER
    yield _A.ESCALATE, UNANSWERED, None, _EITHER
    yield _A.CHANGE_TRACK, BEING_HANDLED, _S.OPENED, _EITHER
    yield _A.MARK_COMPLEX, BEING_HANDLED, None, _HANDLER
    yield _A.HOLD, tuple(_S), None, _HANDLER
    yield _A.RELEASE_HOLD, tuple(_S), None, _HANDLER
    yield _A.REVEAL, tuple(_S), None, _HANDLER
    yield _A.READ_COMMENT, tuple(_S), None, _HANDLER
    yield _A.REQUEST_ERASURE, tuple(_S), None, _EITHER
    yield _A.ERASE, tuple(_S), None, _HANDLER


TABLE: Mapping[tuple[CaseState, str], Transition] = {
    (state, action.value): Transition(to, by) for action, states, to, by in _rows() for state in states
}
"""Every allowed pair of state and action; other pairs are refused."""

ACTIONS = frozenset(action.value for action in CaseAction)
