"""Tests of the complaint stage through its seam: complaints, actions, its own events in; cases, events, answers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from support.cases import OPENED, action, case_context, complaint
from support.events import at, value_of

from processors.domain.cases.case_store import MOST_ACTIONS
from processors.stages.complaints import ComplaintStage, ComplaintStageState
from schemas.batches.batch import RawBatch
from schemas.errors import Reason
from schemas.keys import complaint_key, key_of
from schemas.records.cases import ComplaintAction, ComplaintCase, ComplaintEvent
from schemas.records.complaints import Complaint
from schemas.topics import Topic

START = at(OPENED)
MINUTE = 60_000
LATER = 1_900_000_000_000
"""Kafka timestamp of the batches: after all event times used here."""


def batch(topic: Topic, records: Sequence[Any], keys: Sequence[bytes] | None = None) -> RawBatch:
    """A batch as it would come from Kafka."""
    own = [complaint_key(one.complaint_id) if isinstance(one, ComplaintAction) else key_of(one) for one in records]
    values = [value_of(one, topic) for one in records]
    return RawBatch(topic, 0, range(len(records)), [LATER] * len(records), keys or own, values)


def new_state() -> ComplaintStageState:
    """An empty state."""
    return ComplaintStage(case_context()).new_state(0)


def opened(state: ComplaintStageState, *complaints: Complaint) -> list[Any]:
    """What is said of complaints."""
    return [output.record for output in state.absorb(batch(Topic.COMPLAINT, complaints)).outputs]


def test_every_output_goes_to_its_topic() -> None:
    """Cases, events and answers go where their subject is."""
    state = new_state()
    names = ("VERIFY", "RESOLVE", "ANSWER")
    actions = [action(name, START + number * MINUTE) for number, name in enumerate(names, 1)]
    outputs = [
        *state.absorb(batch(Topic.COMPLAINT, [complaint(START)])).outputs,
        *state.absorb(batch(Topic.COMPLAINT_ACTION, actions)).outputs,
    ]
    assert {(output.topic, type(output.record).__name__) for output in outputs} == {
        (Topic.COMPLAINT_CASE, "ComplaintCase"),
        (Topic.COMPLAINT_EVENT, "ComplaintEvent"),
        (Topic.COMPLAINT_ANSWER, "ComplaintAnswer"),
    }


def test_the_same_batches_again_change_nothing() -> None:
    """A complaint that comes twice says nothing; an action that does says what it said before, under the same ids."""
    state = new_state()
    first = batch(Topic.COMPLAINT, [complaint(START)])
    second = batch(Topic.COMPLAINT_ACTION, [action("VERIFY", START + MINUTE)])
    assert state.absorb(first).outputs
    said = state.absorb(second).outputs
    assert not state.absorb(first).outputs
    assert said
    assert state.absorb(second).outputs == said


def test_time_does_not_go_back_in_a_view_that_is_rebuilt() -> None:
    """A complaint that changes before the clock was looked at again takes back nothing that timers said."""
    now = at("2026-09-15 00:00")
    first = new_state()
    opened(first, complaint(START))
    said = [one.record for one in first.advance(now)]
    second = new_state()
    opened(second, complaint(START))
    second.absorb(batch(Topic.COMPLAINT_EVENT, [one for one in said if isinstance(one, ComplaintEvent)]))
    changed = opened(second, complaint(START, version=2, lowest_score=2))
    assert not [one for one in changed if isinstance(one, ComplaintEvent) and one.kind == "RETRACTED"]
    (case,) = [one for one in changed if isinstance(one, ComplaintCase)]
    assert case.overdue == 1


def test_a_case_that_closed_by_itself_stays_closed_in_a_view_that_is_rebuilt() -> None:
    """Closing is said by a timer too: a complaint that changes right after a restart takes it back as little."""
    done = [action(name, START + number * MINUTE) for number, name in enumerate(("VERIFY", "RESOLVE", "ANSWER"), 1)]
    first, second = new_state(), new_state()
    for state in (first, second):
        opened(state, complaint(START))
    said = [one.record for one in first.absorb(batch(Topic.COMPLAINT_ACTION, done)).outputs]
    said += [one.record for one in first.advance(at("2026-12-01 00:00"))]
    second.absorb(batch(Topic.COMPLAINT_ACTION, done))
    second.absorb(batch(Topic.COMPLAINT_EVENT, [one for one in said if isinstance(one, ComplaintEvent)]))
    changed = opened(second, complaint(START, version=2, lowest_score=2))
    assert not [one for one in changed if isinstance(one, ComplaintEvent) and one.kind == "RETRACTED"]
    (case,) = [one for one in changed if isinstance(one, ComplaintCase)]
    assert case.state == "CLOSED"


def test_an_older_complaint_changes_nothing() -> None:
    """Of two versions the higher counts, whichever comes last."""
    state = new_state()
    opened(state, complaint(START, version=5, lowest_score=1))
    assert opened(state, complaint(START, version=4, lowest_score=2)) == []


def test_time_fires_what_was_not_heard() -> None:
    """A state rebuilt from the topics fires only the timers whose events the topic lacks."""
    now = at("2026-09-15 00:00")
    first = new_state()
    opened(first, complaint(START))
    said = [one.record for one in first.advance(now) if isinstance(one.record, ComplaintEvent)]
    assert [one.kind for one in said] == ["REMINDER", "REMINDER", "OVERDUE", "ESCALATED"]
    second = new_state()
    opened(second, complaint(START))
    second.absorb(batch(Topic.COMPLAINT_EVENT, said[:3]))
    again = [one.record for one in second.advance(now) if isinstance(one.record, ComplaintEvent)]
    assert [one.kind for one in again] == ["ESCALATED"]


def test_a_storm_of_timers_comes_in_steps_and_goes_on_when_it_is_heard() -> None:
    """More than one step of timers is due: each batch of heard events lets the next step fire, until all have."""
    state, now = new_state(), at("2026-09-15 00:00")
    many = [complaint(START, complaint_id=f"{n:08x}-0000-5000-8000-000000000000") for n in range(1200)]
    opened(state, *many)
    events: list[Any] = []
    outputs = state.advance(now)
    while outputs:
        said = [one.record for one in outputs if isinstance(one.record, ComplaintEvent)]
        assert len({one.complaint_id for one in said}) <= 300
        events += said
        outputs = state.absorb(batch(Topic.COMPLAINT_EVENT, said)).outputs
    assert len(events) == len({one.event_id for one in events}) == 4 * len(many)


def test_bad_actions_are_set_aside_alone() -> None:
    """A wrong key, a bad score or a time in the far future costs only itself, with its reason."""
    good = action("VERIFY", START + MINUTE)
    records = [
        replace(good, action_id="key"),
        replace(good, action_id="score", score=9),
        replace(good, action_id="time", acted_at=LATER + 10 * 86_400_000),
        replace(good, action_id="id", complaint_id="not-a-uuid"),
        replace(good, action_id="text", text="x" * 4001),
        good,
    ]
    keys = [b"other", *(complaint_key(one.complaint_id) for one in records[1:])]
    absorbed = new_state().absorb(batch(Topic.COMPLAINT_ACTION, records, keys))
    assert [(one.index, one.reason) for one in absorbed.rejects] == [
        (0, Reason.KEY_MISMATCH),
        (1, Reason.BAD_FIELD),
        (2, Reason.BAD_TIME),
        (3, Reason.BAD_FIELD),
        (4, Reason.BAD_FIELD),
    ]
    assert [one.record.action_id for one in absorbed.outputs if isinstance(one.record, ComplaintEvent)] == [
        good.action_id
    ]


def test_too_many_actions_on_one_complaint_become_dead_letters() -> None:
    """What comes beyond the bound is refused as a record, and the case stays as it is."""
    flood = [action("ACKNOWLEDGE", START + MINUTE, number) for number in range(MOST_ACTIONS + 3)]
    absorbed = new_state().absorb(batch(Topic.COMPLAINT_ACTION, flood))
    assert [one.index for one in absorbed.rejects] == list(range(MOST_ACTIONS, MOST_ACTIONS + 3))
