"""Promise 2: any arrival order, duplication or revision of the same events gives what a batch computation gives."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.comparison import Last, compare
from support.events import WRITTEN_AT, at, batch, item, rating, status, value_of
from support.in_memory import Restart, in_memory_pipeline
from support.oracle import Oracle

from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context
from processors.stages.stage import ReplayedState, RestorableState
from schemas.records.events import DeclarationStatus, Rating, Status
from schemas.topics import Topic

T0 = at("2020-04-28 07:00")
HOUR = 3_600_000
NUMBERS = ("103000000010", "103000000012", "303000000020")
OFFICES = ("03CC", "03EE")

times = st.integers(0, 9 * 24 * 60).map(lambda minute: T0 + minute * 60_000 + minute % 7 * 1000)
optional = st.sampled_from


@st.composite
def statuses(draw: st.DrawFn) -> DeclarationStatus:
    """A status; few event ids, so that contents sometimes conflict."""
    return status(
        f"e{draw(st.integers(0, 12))}",
        draw(st.sampled_from(list(Status))).value,
        draw(times),
        declaration_no=draw(st.sampled_from(NUMBERS)),
        office=draw(st.sampled_from(OFFICES)),
        team=draw(st.sampled_from((None, "00", "01"))),
        channel=draw(st.sampled_from((None, "GREEN", "YELLOW", "RED"))),
        kind=draw(st.sampled_from((None, "A11", "B11"))),
        tax_code=draw(st.sampled_from((None, "0200100100"))),
    )


@st.composite
def ratings(draw: st.DrawFn) -> Rating:
    """A sheet revision with one to three items; few sheet ids, so that revisions and conflicts happen."""
    targets = draw(
        st.lists(
            st.sampled_from([("OFFICE", ""), ("TEAM", "01"), ("STEP", "TAX_PAYMENT"), ("OFFICIAL", "o1")]),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    items = []
    for target, target_id in targets:
        office = draw(st.sampled_from(OFFICES))
        items.append(item(target, target_id or office, draw(st.integers(1, 5)), office=office))
    return rating(
        f"s{draw(st.integers(0, 3))}",
        draw(st.integers(1, 3)),
        draw(times),
        *items,
        declaration_no=draw(st.sampled_from(NUMBERS)),
        tax_code=draw(st.sampled_from((None, "0100100100"))),
    )


def run(arrivals: Sequence[tuple[Topic, Any]], cuts: Sequence[int], *, restarts: bool) -> Last:
    """Play arrivals through all stages in batches of the given sizes; the last version of every record."""
    place = 0
    with in_memory_pipeline() as pipeline:
        for size in [*cuts, len(arrivals)]:
            part = arrivals[place : place + size]
            place += size
            for topic in (Topic.DECLARATION_STATUS, Topic.RATING):
                pipeline.take(topic, [record for one, record in part if one is topic])
            if restarts:
                pipeline.restart(Restart.SNAPSHOT)
        pipeline.advance(WRITTEN_AT)
        return pipeline.last


def crc(record: Any, topic: Topic) -> int:
    """Checksum of the body, without the frame."""
    return zlib.crc32(value_of(record, topic)[5:])


@given(
    events=st.lists(statuses(), max_size=14),
    sheets=st.lists(ratings(), min_size=1, max_size=8),
    cuts=st.lists(st.integers(1, 6), max_size=10),
    order=st.randoms(use_true_random=False),
    restarts=st.booleans(),
)
@settings(max_examples=14, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_arrival_gives_what_the_batch_computation_gives(
    events: list[DeclarationStatus], sheets: list[Rating], cuts: list[int], order: Any, *, restarts: bool
) -> None:
    """Facts, complaints, windows and counts equal the oracle's, in any order and with states restored on the way."""
    arrivals: list[tuple[Topic, Any]] = [(Topic.DECLARATION_STATUS, one) for one in events]
    arrivals += [(Topic.RATING, one) for one in sheets]
    arrivals += order.choices(arrivals, k=len(arrivals) // 4)
    order.shuffle(arrivals)
    last = run(arrivals, cuts, restarts=restarts)
    oracle = Oracle(
        [(one, crc(one, topic)) for topic, one in arrivals if topic is Topic.DECLARATION_STATUS],
        [(one, crc(one, topic)) for topic, one in arrivals if topic is Topic.RATING],
    )
    try:
        compare(last, oracle)
    finally:
        oracle.close()


@given(
    arrivals=st.lists(
        st.one_of(
            st.tuples(st.just(Topic.DECLARATION_STATUS), st.lists(statuses(), min_size=1, max_size=5)),
            st.tuples(st.just(Topic.RATING), st.lists(ratings(), min_size=1, max_size=4)),
        ),
        min_size=1,
        max_size=8,
    ),
    replayed=st.integers(1, 8),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_state_that_replayed_is_the_state_that_absorbed(
    arrivals: list[tuple[Topic, list[Any]]], replayed: int
) -> None:
    """Whatever was replayed instead of absorbed: the snapshot is the same, and so is all that comes of what follows."""
    stage = JoinStage(JoinPolicy(), reference_context())
    absorbing, replaying = stage.new_state(0), stage.new_state(0)
    assert isinstance(absorbing, RestorableState)
    assert isinstance(replaying, RestorableState)
    assert isinstance(replaying, ReplayedState)
    for topic, records in arrivals[:replayed]:
        absorbing.absorb(batch(topic, records))
        replaying.replay(batch(topic, records))

    expected, found = absorbing.snapshot(), replaying.snapshot()

    assert expected.keys() == found.keys()
    assert all(np.array_equal(expected[name], found[name]) for name in expected)
    for topic, records in arrivals[replayed:]:
        assert replaying.absorb(batch(topic, records)) == absorbing.absorb(batch(topic, records))
    assert replaying.advance(WRITTEN_AT) == absorbing.advance(WRITTEN_AT)
