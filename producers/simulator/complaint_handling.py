"""How complaints are handled: offices acknowledge, verify, resolve and answer them, enterprises rate the handling.

Shares and durations are our assumptions; nothing is published. Every action is one that the state table in
docs/complaints.md allows at that point. Durations are working time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.random import Generator

from producers.simulator import texts
from producers.simulator.ground_truth import low_offices
from producers.simulator.working_time import END_MS, HOUR_MS, WorkingClock
from schemas.ids import complaint_id
from schemas.records.cases import ActorRole, CaseAction, ComplaintAction, Finding
from schemas.records.events import Rating

_IGNORED, _ASKED, _SLOW, _RATED = 0.05, 0.15, 0.08, 0.55
"""Shares of complaints that nobody takes up, that need a supplement, that take long, and whose answer is rated."""

_FINDINGS = (Finding.UPHELD, Finding.UPHELD, Finding.PARTLY_UPHELD, Finding.NOT_UPHELD)
_HANDLING_SCORES = (5, 5, 4, 4, 4, 3, 2)
_REOPENING_SCORE = 2
"""A rating of the handling at or below this score reopens the complaint, once."""

_HOURS = {
    CaseAction.ACKNOWLEDGE: (1, 14),
    CaseAction.VERIFY: (1, 8),
    CaseAction.ASK: (1, 8),
    CaseAction.SUPPLY: (4, 30),
    CaseAction.RESOLVE: (8, 56),
    CaseAction.ANSWER: (1, 8),
    CaseAction.RATE_HANDLING: (2, 40),
}
"""Least and most working hours since the action before; a working day has 7.5."""

_SLOW_FACTOR = 4


def handle_complaints(rng: Generator, sheets: Sequence[Sequence[Rating]], clock: WorkingClock) -> list[ComplaintAction]:
    """Draw all actions before the end of the scenario, complaint by complaint.

    Only low scores of latest revisions count: a better score in a later revision withdraws a complaint.
    """
    return [
        action
        for revisions in sheets
        for office in sorted(low_offices(revisions[-1]))
        if rng.random() >= _IGNORED
        for action in _CaseHistory(rng, clock, revisions, office).handle()
        if action.acted_at < END_MS
    ]


class _CaseHistory:
    """The actions on one complaint, each some working time after the one before."""

    def __init__(self, rng: Generator, clock: WorkingClock, revisions: Sequence[Rating], office: str) -> None:
        self._rng = rng
        self._clock = clock
        self._office = office
        self._sheet = revisions[-1]
        self._complaint_id = complaint_id(self._sheet.declaration_no[:11], self._sheet.sheet_id, office)
        self._slowness = _SLOW_FACTOR if rng.random() < _SLOW else 1
        self._at = min(revision.submitted_at for revision in revisions if office in low_offices(revision))
        self._actions: list[ComplaintAction] = []

    def handle(self) -> list[ComplaintAction]:
        """Draw all actions on the complaint."""
        self._handler_acts(CaseAction.ACKNOWLEDGE)
        self._handler_acts(CaseAction.VERIFY)
        # An anonymous enterprise cannot be asked, and cannot rate.
        known = self._sheet.tax_code is not None
        if known and self._rng.random() < _ASKED:
            self._handler_acts(CaseAction.ASK, text=texts.QUESTION)
            self._enterprise_acts(CaseAction.SUPPLY)
        self._resolve_and_answer()
        if known and self._rng.random() < _RATED:
            score = _HANDLING_SCORES[int(self._rng.integers(len(_HANDLING_SCORES)))]
            self._enterprise_acts(CaseAction.RATE_HANDLING, score=score)
            if score <= _REOPENING_SCORE:
                self._handler_acts(CaseAction.VERIFY)
                self._resolve_and_answer()
        return self._actions

    def _resolve_and_answer(self) -> None:
        finding = _FINDINGS[int(self._rng.integers(len(_FINDINGS)))]
        found, measures = texts.FINDINGS[finding]
        self._handler_acts(CaseAction.RESOLVE, finding=finding, text=found, measures=measures)
        self._handler_acts(CaseAction.ANSWER, text=f"{texts.GREETING} {found}")

    def _handler_acts(self, action: CaseAction, **content: str) -> None:
        """The head of the office acts: nobody rates heads, so nobody handles a complaint about himself."""
        self._add(action, ActorRole.HANDLER, f"{self._office}-head", unit=self._office, **content)

    def _enterprise_acts(self, action: CaseAction, score: int | None = None) -> None:
        self._add(action, ActorRole.ENTERPRISE, self._sheet.tax_code, score=score)

    def _add(self, action: CaseAction, role: ActorRole, actor: str | None, **content: Any) -> None:
        least, most = _HOURS[action]
        worked = int(self._rng.integers(least * HOUR_MS, most * HOUR_MS)) * self._slowness
        self._at = int(self._clock.after(np.array([self._at]), np.array([worked]))[0])
        action_id = f"{self._sheet.sheet_id}-{self._office}-{len(self._actions) + 1}"
        self._actions.append(ComplaintAction(action_id, self._complaint_id, action, self._at, role, actor, **content))
