"""What is done about complaints: units acknowledge, verify, resolve and answer them, enterprises rate the handling.

Shares and durations are ours; nothing of the kind is published. Each complaint takes one course, in working time, and
the table of docs/complaints.md allows every step of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import Generator

from producers.simulator import words
from producers.simulator.clock import END_MS, HOUR_MS, WorkingClock
from producers.simulator.truth import low_offices
from schemas.ids import complaint_id
from schemas.records import ActorRole, CaseAction, ComplaintAction, Finding, Rating

_IGNORED, _ASKED, _SLOW, _RATED = 0.05, 0.15, 0.08, 0.55
"""Shares of complaints that nobody takes up, that need a supplement, that take long, whose answer is rated."""

_FINDINGS = (Finding.UPHELD, Finding.UPHELD, Finding.PARTLY_UPHELD, Finding.NOT_UPHELD)
_HANDLING_SCORES = (5, 5, 4, 4, 4, 3, 2)
_POOR = 2
"""A rating of the handling at or below it reopens the complaint, once."""

_HOURS = {
    CaseAction.ACKNOWLEDGE: (1, 14),
    CaseAction.VERIFY: (1, 8),
    CaseAction.ASK: (1, 8),
    CaseAction.SUPPLY: (4, 30),
    CaseAction.RESOLVE: (8, 56),
    CaseAction.ANSWER: (1, 8),
    CaseAction.RATE_HANDLING: (2, 40),
}
"""Working hours from the step before, at least and at most; 7.5 are a day."""

_SLOW_TIMES = 4


@dataclass(frozen=True, slots=True)
class _Complaint:
    """A complaint as its sheet opens it."""

    identity: str
    sheet_id: str
    office: str
    tax_code: str | None
    opened_at: int


def handle_complaints(rng: Generator, sheets: Sequence[Sequence[Rating]], clock: WorkingClock) -> list[ComplaintAction]:
    """Everything that is done by the end of the scenario, complaint by complaint."""
    return [action for one in _complaints(sheets) for action in _course(rng, one, clock) if action.acted_at < END_MS]


def _complaints(sheets: Sequence[Sequence[Rating]]) -> Iterator[_Complaint]:
    """Those that still stand in the end: a better score of a later revision withdraws a complaint."""
    for revisions in sheets:
        latest = revisions[-1]
        for office in sorted(low_offices(latest)):
            opened_at = min(one.submitted_at for one in revisions if office in low_offices(one))
            identity = complaint_id(latest.declaration_no[:11], latest.sheet_id, office)
            yield _Complaint(identity, latest.sheet_id, office, latest.tax_code, opened_at)


def _course(rng: Generator, complaint: _Complaint, clock: WorkingClock) -> list[ComplaintAction]:
    if rng.random() < _IGNORED:
        return []
    course = _Course(rng, complaint, clock, pace=_SLOW_TIMES if rng.random() < _SLOW else 1)
    course.by_handler(CaseAction.ACKNOWLEDGE)
    course.by_handler(CaseAction.VERIFY)
    # An enterprise that did not say who it is cannot be asked, and cannot rate.
    if complaint.tax_code is not None and rng.random() < _ASKED:
        course.by_handler(CaseAction.ASK, text=words.QUESTION)
        course.by_enterprise(CaseAction.SUPPLY)
    course.resolve_and_answer()
    if complaint.tax_code is not None and rng.random() < _RATED:
        score = _HANDLING_SCORES[int(rng.integers(len(_HANDLING_SCORES)))]
        course.by_enterprise(CaseAction.RATE_HANDLING, score=score)
        if score <= _POOR:
            course.by_handler(CaseAction.VERIFY)
            course.resolve_and_answer()
    return course.actions


class _Course:
    """One complaint's actions, each some working time after the one before."""

    def __init__(self, rng: Generator, complaint: _Complaint, clock: WorkingClock, pace: int) -> None:
        self._rng = rng
        self._complaint = complaint
        self._clock = clock
        self._pace = pace
        self._at = complaint.opened_at
        self.actions: list[ComplaintAction] = []

    def resolve_and_answer(self) -> None:
        """The handler states a finding, and answers with it."""
        finding = _FINDINGS[int(self._rng.integers(len(_FINDINGS)))]
        found, done = words.FINDINGS[finding]
        self.by_handler(CaseAction.RESOLVE, finding=finding, text=found, measures=done)
        self.by_handler(CaseAction.ANSWER, text=f"{words.GREETING} {found}")

    def by_handler(self, action: CaseAction, **content: str) -> None:
        """The head of the office acts: nobody rates heads, so nobody handles a complaint about himself."""
        office = self._complaint.office
        self._add(action, ActorRole.HANDLER, f"{office}-head", unit=office, **content)

    def by_enterprise(self, action: CaseAction, score: int | None = None) -> None:
        """The enterprise acts."""
        self._add(action, ActorRole.ENTERPRISE, self._complaint.tax_code, score=score)

    def _add(self, action: CaseAction, role: ActorRole, actor: str | None, **content: Any) -> None:
        least, most = _HOURS[action]
        worked = int(self._rng.integers(least * HOUR_MS, most * HOUR_MS)) * self._pace
        self._at = int(self._clock.after(np.array([self._at]), np.array([worked]))[0])
        complaint = self._complaint
        identity = f"{complaint.sheet_id}-{complaint.office}-{len(self.actions) + 1}"
        done = ComplaintAction(identity, complaint.identity, action, self._at, role, actor)
        self.actions.append(replace(done, **content))
