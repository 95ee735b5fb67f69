"""The cases of one partition: complaints, actions, the events published about them, and their timers."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from processors.domain.cases.policy import CaseContext
from processors.domain.cases.replay import ReplayedCase, refuse_orphans, replay_case
from processors.domain.cases.state_machine import TIMED
from schemas.records.cases import CaseEventKind, ComplaintAction, ComplaintAnswer, ComplaintCase, ComplaintEvent
from schemas.records.complaints import Complaint

CaseRecord = ComplaintCase | ComplaintEvent | ComplaintAnswer

MOST_ACTIONS = 1000
"""Actions kept for one complaint; no real case has a hundredth of them. Further ones are rejected as records."""

_FIRINGS_PER_STEP = 300
"""Cases whose timers fire in one step, about 50 ms of work, so that new records do not wait long."""


@dataclass(slots=True)
class _CaseEntry:
    """One complaint with its actions and what was published about it.

    Attributes:
        complaint: Its newest version.
        actions: Every distinct version of every action.
        events: Published events by id: the published version, and the event with version 0.
        case: The case as last published.
        answers: Answers as last published, by id.
        next_at: When its next timer fires.
        reached_at: Time of the newest published timer event, by any worker. The case is never computed for an earlier
            instant: a view that was just rebuilt has no time yet and would retract the event. Other complaints are
            not affected, because a worker that died may not have reached them.
    """

    complaint: Complaint | None = None
    actions: dict[ComplaintAction, None] = field(default_factory=dict)
    events: dict[str, tuple[int, ComplaintEvent]] = field(default_factory=dict)
    case: ComplaintCase | None = None
    answers: dict[str, ComplaintAnswer] = field(default_factory=dict)
    next_at: int | None = None
    reached_at: int = 0

    def forget_published(self, action_id: str) -> None:
        """Forget that case, answers and the events of an action were published, so that they are published again."""
        self.case, self.answers = None, {}
        self.events = {name: known for name, known in self.events.items() if known[1].action_id != action_id}


class CaseStore:
    """All cases of one partition."""

    def __init__(self, context: CaseContext) -> None:
        self._context = context
        self._entries: dict[str, _CaseEntry] = {}
        self._dirty: dict[str, None] = {}
        self._timers: list[tuple[int, str]] = []
        self._now = 0

    def add_complaint(self, complaint: Complaint) -> None:
        """Add a complaint; an older version changes nothing."""
        entry = self._entries.setdefault(complaint.complaint_id, _CaseEntry())
        if entry.complaint is None or complaint.version > entry.complaint.version:
            entry.complaint = complaint
            self._dirty[complaint.complaint_id] = None

    def add_action(self, action: ComplaintAction) -> bool:
        """Add an action; False: there are too many. The outputs of a known action are published again.

        The action may have been rejected as a record when it first came, and accepted by a later rebuild, which
        publishes nothing.
        """
        entry = self._entries.setdefault(action.complaint_id, _CaseEntry())
        if action in entry.actions:
            entry.forget_published(action.action_id)
            self._dirty[action.complaint_id] = None
            return True
        if len(entry.actions) >= MOST_ACTIONS:
            return False
        entry.actions[action] = None
        self._dirty[action.complaint_id] = None
        return True

    def observe_published(self, events: Iterable[ComplaintEvent]) -> None:
        """Remember events that any worker published: only the topic knows those of a worker that died.

        All of them are read before time advances, so each timer event is published once.
        """
        for event in events:
            entry = self._entries.setdefault(event.complaint_id, _CaseEntry())
            if event.kind in TIMED:
                entry.reached_at = max(entry.reached_at, event.occurred_at)
            known = entry.events.get(event.event_id)
            if known is None or event.version > known[0]:
                entry.events[event.event_id] = (event.version, replace(event, version=0))

    def advance(self, now: int) -> bool:
        """Advance time and fire timers; False: more are due, see `fire_timers`."""
        self._now = max(self._now, now)
        return self.fire_timers()

    def fire_timers(self) -> bool:
        """Fire a limited number of the timers that are due; False: more are due."""
        steps = 0
        while self._timers and self._timers[0][0] <= self._now and steps < _FIRINGS_PER_STEP:
            at, complaint_id = heapq.heappop(self._timers)
            if self._entries[complaint_id].next_at == at:
                self._dirty[complaint_id] = None
                steps += 1
        return not (self._timers and self._timers[0][0] <= self._now)

    def changes(self) -> Iterator[CaseRecord]:
        """Records to publish about the cases that changed since the last call."""
        for complaint_id in self._dirty:
            yield from self._records(complaint_id, self._entries[complaint_id])
        self._dirty = {}

    def _records(self, complaint_id: str, entry: _CaseEntry) -> Iterator[CaseRecord]:
        actions = tuple(entry.actions)
        if entry.complaint is None:
            replayed = refuse_orphans(complaint_id, actions)
        else:
            replayed = replay_case(entry.complaint, actions, self._context, max(self._now, entry.reached_at))
        if replayed.next_at != entry.next_at:
            entry.next_at = replayed.next_at
            if replayed.next_at is not None:
                heapq.heappush(self._timers, (replayed.next_at, complaint_id))
        if replayed.case is not None and replayed.case != entry.case:
            entry.case = replayed.case
            yield replayed.case
        yield from _answers(entry, replayed.answers)
        yield from _events(entry, replayed)


def _events(entry: _CaseEntry, replayed: ReplayedCase) -> Iterator[ComplaintEvent]:
    current = {event.event_id: event for event in replayed.events}
    if len(entry.events) > len(current) or not entry.events.keys() <= current.keys():
        for event_id, (_version, published) in entry.events.items():
            if event_id not in current:
                current[event_id] = replace(published, kind=CaseEventKind.RETRACTED)
    for event_id, event in current.items():
        known = entry.events.get(event_id)
        if known is None or (replayed.version > known[0] and event != known[1]):
            entry.events[event_id] = (replayed.version, event)
            yield replace(event, version=replayed.version)


def _answers(entry: _CaseEntry, answers: Sequence[ComplaintAnswer]) -> Iterator[ComplaintAnswer]:
    current = {answer.answer_id: answer for answer in answers}
    version = 0 if entry.case is None else entry.case.version
    for answer_id, published in list(entry.answers.items()):
        if answer_id not in current:
            current[answer_id] = replace(published, withdrawn=True, version=version)
    for answer_id, answer in current.items():
        known = entry.answers.get(answer_id)
        if known is None or replace(answer, version=known.version) != known:
            entry.answers[answer_id] = answer
            yield answer
