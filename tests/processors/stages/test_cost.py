"""What a batch costs, counted in calls of Python functions: the same on every machine, and never noisy.

Speed rests on columns: nothing in Python may run once a status. A change that breaks this makes the worker several
times slower, and no other test would say so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from support.record_batches import packed

from benchmarks.contenders.work import work
from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context
from schemas.batches.batch import RawBatch
from schemas.batches.packed_batch import PackedBatch
from schemas.topics import Topic

_NOW = 1_600_000_000_000


def _batch(topic: Topic, events: list[tuple[Topic, bytes, bytes]]) -> PackedBatch:
    chosen = [(key, value) for one, key, value in events if one is topic]
    values, keys = [value for _key, value in chosen], [key for key, _value in chosen]
    return packed(RawBatch(topic, 0, range(len(chosen)), [_NOW] * len(chosen), keys, values))


def _calls(run: Callable[[], Any]) -> int:
    """Calls of Python and C functions from Python code while this runs."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


def _absorptions(rated: float) -> Iterator[tuple[int, int, int]]:
    """Statuses, facts and calls of batches of growing size, each taken in by a state that knows the ratings.

    Without ratings it knows the codes instead: they are judged one by one when they are met first, and there are as
    many as there are enterprises.
    """
    for declarations in (500, 500, 2_000, 8_000):  # the first also pays for what happens only once in a process
        events = work(declarations, rated).events
        state = JoinStage(JoinPolicy(), reference_context()).new_state(0)
        batch, outputs = _batch(Topic.DECLARATION_STATUS, events), 0
        if rated:
            state.absorb(_batch(Topic.RATING, events))
        else:
            state.absorb(batch)

        def absorb(batch: PackedBatch = batch, state: Any = state) -> None:
            nonlocal outputs
            outputs = len(state.absorb(batch).outputs)

        calls = _calls(absorb)
        yield len(batch), outputs, calls


def test_unrated_statuses_cost_no_python_call_each() -> None:
    """Sixteen times as many statuses in a batch are taken in with at most a call more for each hundred."""
    _once, (few, *_no, few_calls), _middle, (many, *_none, many_calls) = _absorptions(0.0)
    assert many > 15 * few
    assert (many_calls - few_calls) / (many - few) < 0.01


def test_a_fact_costs_a_bounded_number_of_calls() -> None:
    """The calls that grow with a batch are those for its facts, and those are few enough."""
    _once, (_few, few_facts, few_calls), _middle, (_many, many_facts, many_calls) = _absorptions(0.05)
    assert (many_calls - few_calls) / (many_facts - few_facts) < 60
