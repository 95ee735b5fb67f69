"""Joins some events after precompiling and fails if that compiles more; in its own process, as other tests compile."""

from __future__ import annotations

import sys

from numba.core.dispatcher import Dispatcher

from benchmarks.contenders.work import work
from processors.domain.join.policy import JoinPolicy
from processors.precompile import warm
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context
from schemas.batches.batch import RawBatch
from schemas.keys import declaration_key
from schemas.records.events import DeclarationStatus, Rating
from schemas.topics import Topic
from support.events import WRITTEN_AT, rating, status, value_of
from support.record_batches import packed


def compiled() -> int:
    """Number of compiled kernel signatures in this process."""
    modules = [module for name, module in sys.modules.items() if name.startswith(("schemas", "processors"))]
    kernels = {id(one): one for module in modules for one in vars(module).values() if isinstance(one, Dispatcher)}
    return sum(len(one.signatures) for one in kernels.values())


def event(topic: Topic, record: DeclarationStatus | Rating) -> tuple[Topic, bytes, bytes]:
    """Topic, key and value of a record."""
    return topic, declaration_key(record.declaration_no), value_of(record, topic)


def main() -> None:
    """Fail if a kernel is compiled after precompiling."""
    warm()
    before = compiled()
    assert before > 10
    state, events = JoinStage(JoinPolicy(), reference_context()).new_state(0), work(300, 0.5).events
    for n, name in enumerate(("INSPECTION_REQUIRED", "GOODS_INSPECTED", "INSPECTION_REQUIRED")):  # two rounds
        events.append(event(Topic.DECLARATION_STATUS, status(f"e{n}", name, WRITTEN_AT - 9 + n)))
    events.append(event(Topic.RATING, rating("s", 1, WRITTEN_AT)))
    for topic in (Topic.RATING, Topic.DECLARATION_STATUS):
        chosen = [(key, value) for one, key, value in events if one is topic]
        keys, values = [key for key, _value in chosen], [value for _key, value in chosen]
        batch = RawBatch(topic, 0, range(len(keys)), [WRITTEN_AT] * len(keys), keys, values)
        assert not state.absorb(packed(batch, 100)).rejects
    assert compiled() == before


if __name__ == "__main__":
    main()
