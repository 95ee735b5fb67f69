"""The cases of one partition: complaints, what was done about them, what was already said of them, and their timers."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from processors.domain.cases.policy import CaseContext
from processors.domain.cases.replay import Folded, fold, orphans
from processors.domain.cases.state_machine import TIMED
from schemas.records import (
    CaseEventKind,
    Complaint,
    ComplaintAction,
    ComplaintAnswer,
    ComplaintCase,
    ComplaintEvent,
)

Said = ComplaintCase | ComplaintEvent | ComplaintAnswer

MOST_ACTIONS = 1000
"""Actions kept for one complaint; no case has a hundredth of them. What comes beyond is refused as a record."""

_FIRINGS_PER_STEP = 300
"""Cases whose timers fire in one step of time, some 50 ms of work: the thread must come back to what has arrived."""


@dataclass(slots=True)
class _Held:
    """One complaint as it is known.

    Attributes:
        complaint: Its newest version.
        actions: Every distinct content of every action.
        events: What was said of it, by event id: the version of it, and itself as of version 0.
        case: Its state as last said.
        answers: Its answers as last said, by id.
        next_at: When time alone changes it next.
        reached_at: Up to when timers spoke of it, by whomever. Time does not go back behind it: a view that was just
            rebuilt knows no time yet, and would take back what was said. It lets no timer fire of other complaints,
            since a worker that died may not have come to them.
    """

    complaint: Complaint | None = None
    actions: dict[ComplaintAction, None] = field(default_factory=dict)
    events: dict[str, tuple[int, ComplaintEvent]] = field(default_factory=dict)
    case: ComplaintCase | None = None
    answers: dict[str, ComplaintAnswer] = field(default_factory=dict)
    next_at: int | None = None
    reached_at: int = 0

    def unsaid(self, action_id: str) -> None:
        """Take case, answers and the events of an action for not said yet."""
        self.case, self.answers = None, {}
        self.events = {name: said for name, said in self.events.items() if said[1].action_id != action_id}


class CaseBook:
    """All cases of one partition.

    Args:
        world: What the fold looks up.
    """

    def __init__(self, world: CaseContext) -> None:
        self._world = world
        self._held: dict[str, _Held] = {}
        self._dirty: dict[str, None] = {}
        self._timers: list[tuple[int, str]] = []
        self._now = 0

    def open(self, complaint: Complaint) -> None:
        """Take a complaint in; an older version changes nothing."""
        held = self._held.setdefault(complaint.complaint_id, _Held())
        if held.complaint is None or complaint.version > held.complaint.version:
            held.complaint = complaint
            self._dirty[complaint.complaint_id] = None

    def act(self, action: ComplaintAction) -> bool:
        """Take an action in; what came of one that is known is said again. False: there are too many.

        It may have been refused as a record when it came, and read by a rebuild since, whose outputs nobody was sent.
        """
        held = self._held.setdefault(action.complaint_id, _Held())
        if action in held.actions:
            held.unsaid(action.action_id)
            self._dirty[action.complaint_id] = None
            return True
        if len(held.actions) >= MOST_ACTIONS:
            return False
        held.actions[action] = None
        self._dirty[action.complaint_id] = None
        return True

    def observe_published(self, events: Iterable[ComplaintEvent]) -> None:
        """Remember what was said, by whomever: only the topic knows what a worker said that died.

        What a timer says is said once, since all is heard before time goes on.
        """
        for event in events:
            held = self._held.setdefault(event.complaint_id, _Held())
            if event.kind in TIMED:
                held.reached_at = max(held.reached_at, event.occurred_at)
            said = held.events.get(event.event_id)
            if said is None or event.version > said[0]:
                held.events[event.event_id] = (event.version, replace(event, version=0))

    def advance(self, now: int) -> bool:
        """Let time pass; False: more timers are due than one step takes, `go_on`."""
        self._now = max(self._now, now)
        return self.go_on()

    def go_on(self) -> bool:
        """Let more timers fire that are due as of the time that was reached; False: there are still more."""
        steps = 0
        while self._timers and self._timers[0][0] <= self._now and steps < _FIRINGS_PER_STEP:
            at, complaint_id = heapq.heappop(self._timers)
            if self._held[complaint_id].next_at == at:
                self._dirty[complaint_id] = None
                steps += 1
        return not (self._timers and self._timers[0][0] <= self._now)

    def changes(self) -> Iterator[Said]:
        """What is to be said of the cases that changed since the last call."""
        for complaint_id in self._dirty:
            yield from self._said(complaint_id, self._held[complaint_id])
        self._dirty = {}

    def _said(self, complaint_id: str, held: _Held) -> Iterator[Said]:
        actions = tuple(held.actions)
        if held.complaint is None:
            folded = orphans(complaint_id, actions)
        else:
            folded = fold(held.complaint, actions, self._world, max(self._now, held.reached_at))
        if folded.next_at != held.next_at:
            held.next_at = folded.next_at
            if folded.next_at is not None:
                heapq.heappush(self._timers, (folded.next_at, complaint_id))
        if folded.case is not None and folded.case != held.case:
            held.case = folded.case
            yield folded.case
        yield from _answers(held, folded.answers)
        yield from _events(held, folded)


def _events(held: _Held, folded: Folded) -> Iterator[ComplaintEvent]:
    present = {event.event_id: event for event in folded.events}
    if len(held.events) > len(present) or not held.events.keys() <= present.keys():
        for event_id, (_version, said) in held.events.items():
            if event_id not in present:
                present[event_id] = replace(said, kind=CaseEventKind.RETRACTED)
    for event_id, event in present.items():
        known = held.events.get(event_id)
        if known is None or (folded.version > known[0] and event != known[1]):
            held.events[event_id] = (folded.version, event)
            yield replace(event, version=folded.version)


def _answers(held: _Held, answers: Sequence[ComplaintAnswer]) -> Iterator[ComplaintAnswer]:
    present = {answer.answer_id: answer for answer in answers}
    version = 0 if held.case is None else held.case.version
    for answer_id, said in list(held.answers.items()):
        if answer_id not in present:
            present[answer_id] = replace(said, withdrawn=True, version=version)
    for answer_id, answer in present.items():
        known = held.answers.get(answer_id)
        if known is None or replace(answer, version=known.version) != known:
            held.answers[answer_id] = answer
            yield answer
