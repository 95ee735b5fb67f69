"""Promise 2: any arrival order, duplication or revision of the same events gives what a batch computation gives."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.comparison import Last, compare, compare_facts, records_of
from support.events import WRITTEN_AT, at, batch, item, rating, status, value_of
from support.in_memory import Restart, in_memory_pipeline
from support.oracle import Oracle

from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context
from processors.stages.stage import ReplayedState, RestorableState
from schemas.contacts.envelope import Envelope
from schemas.records.events import DeclarationStatus, Rating, Status
from schemas.topics import Topic

NUMBERS = ("103000000010", "103000000012", "303000000020")
COMMENTS = (
    *(
        "Phải đưa phong bì, bị gây khó dễ!",
        "boi duong can bo",
        "PHÒNG BỊ",
        "không gây khó dễ",
        "khong gay kho de, hoi lo",
    ),
    *("hoi lo hang nhung nhieu lan", "sách nhiễu và đòi tiền", "lớp bồi dưỡng"),
)
OFFICES = ("03CC", "03EE")
SEALED = Envelope("k1", bytes(80)).to_bytes()

Times = st.SearchStrategy[int]


def times_from(begin: str, minutes: int) -> Times:
    """Instants of so many minutes after a local time."""
    first = at(begin)
    return st.integers(0, minutes).map(lambda minute: first + minute * 60_000 + minute % 7 * 1000)


NINE_DAYS = times_from("2020-04-28 07:00", 9 * 24 * 60)
PERIODS = (
    *(NINE_DAYS,) * 3,  # with a weekend and two holidays
    times_from("2020-05-04 11:40", 70),  # no working time: the break of a working day
    times_from("2020-05-04 20:00", 8 * 60),  # a night
    times_from("2020-04-30 00:00", 3 * 24 * 60),  # holidays and a weekend
    times_from("2020-05-04 11:00", 30),  # working time alone
)
"""When everything happens in a world: what holds of long ones alone would hide what short ones show."""


@st.composite
def statuses(draw: st.DrawFn, times: Times = NINE_DAYS) -> DeclarationStatus:
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
        tax_code=draw(st.sampled_from((None, "0200100100", "0300100100-001"))),
    )


@st.composite
def ratings(draw: st.DrawFn, times: Times = NINE_DAYS) -> Rating:
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
        tax_code=draw(st.sampled_from((None, "0100100100", "0200100100-002", "0300100100"))),
        comment=draw(st.sampled_from((None, None, " \u3000.", "👍", "7", *COMMENTS))),
        contact=draw(st.sampled_from((None, None, SEALED))),
    )


@st.composite
def worlds(draw: st.DrawFn) -> list[tuple[Topic, Any]]:
    """Statuses and sheets of one period."""
    times = draw(st.sampled_from(PERIODS))
    events = draw(st.lists(statuses(times), max_size=14))
    sheets = draw(st.lists(ratings(times), min_size=1, max_size=8))
    return [*((Topic.DECLARATION_STATUS, one) for one in events), *((Topic.RATING, one) for one in sheets)]


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


def oracle_of(arrivals: Sequence[tuple[Topic, Any]]) -> Oracle:
    """The oracle of arrivals."""
    sent = [(topic, one, crc(one, topic)) for topic, one in arrivals]
    return Oracle(
        [(one, checksum) for topic, one, checksum in sent if topic is Topic.DECLARATION_STATUS],
        [(one, checksum) for topic, one, checksum in sent if topic is Topic.RATING],
    )


in_any_arrival = given(
    world=worlds(),
    cuts=st.lists(st.integers(1, 6), max_size=10),
    order=st.randoms(use_true_random=False),
    restarts=st.booleans(),
)


def agrees(world: list[tuple[Topic, Any]], cuts: list[int], order: Any, *, restarts: bool) -> None:
    """Send a world in some order, a part of it twice, and compare all results with the oracle's."""
    arrivals = [*world, *order.choices(world, k=len(world) // 4)]
    order.shuffle(arrivals)
    last = run(arrivals, cuts, restarts=restarts)
    oracle = oracle_of(arrivals)
    try:
        compare(last, oracle)
    finally:
        oracle.close()


@in_any_arrival
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_arrival_gives_what_the_batch_computation_gives(
    world: list[tuple[Topic, Any]], cuts: list[int], order: Any, *, restarts: bool
) -> None:
    """Facts, complaints, windows and counts equal the oracle's, in any order and with states restored on the way."""
    agrees(world, cuts, order, restarts=restarts)


@pytest.mark.long
@in_any_arrival
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_many_arrivals_give_what_the_batch_computation_gives(
    world: list[tuple[Topic, Any]], cuts: list[int], order: Any, *, restarts: bool
) -> None:
    """The same with more worlds."""
    agrees(world, cuts, order, restarts=restarts)


@pytest.mark.parametrize(
    ("begin", "wanted"),
    [
        ("2020-05-04 11:40", (0, 0, 0, True)),  # the whole life in a break
        ("2020-05-04 20:00", (0, 0, 0, True)),  # in a night
        ("2020-05-01 09:00", (0, 0, 0, True)),  # on a holiday
        ("2020-05-04 09:00", (20, 10, 30, True)),
    ],
)
def test_a_check_outside_working_time_takes_no_minutes_but_took_place(begin: str, wanted: tuple[Any, ...]) -> None:
    """Minutes are 0, not NULL, and all is on time, even in a world without working time; the oracle agrees."""
    turns = (("REGISTERED", 0), ("CHANNEL_ASSIGNED", 0), ("INSPECTION_REQUIRED", 10), ("DOCUMENTS_CHECKED", 20),
             ("GOODS_INSPECTED", 20), ("RELEASED", 30))  # fmt: skip
    arrivals: list[tuple[Topic, Any]] = [
        (Topic.DECLARATION_STATUS, status(name, name, at(begin) + minute * 60_000, channel="RED"))
        for name, minute in turns
    ]
    arrivals.append((Topic.RATING, rating("s", 1, at(begin) + 40 * 60_000)))
    last = run(arrivals, (), restarts=False)
    oracle = oracle_of(arrivals)
    try:
        compare(last, oracle)
    finally:
        oracle.close()
    (fact,) = records_of(last, Topic.RATED_SERVICE)
    assert (fact.document_minutes, fact.goods_minutes, fact.clearance_minutes, fact.on_time) == wanted


def test_no_check_is_not_a_check_without_minutes() -> None:
    """The comparison tells NULL from 0: a fact without a check differs from one whose check took no time."""
    arrivals: list[tuple[Topic, Any]] = [
        (Topic.DECLARATION_STATUS, status("e", "CHANNEL_ASSIGNED", at("2020-05-04 09:00"), channel="RED")),
        (Topic.RATING, rating("s", 1, at("2020-05-04 09:00"))),
    ]
    last = run(arrivals, (), restarts=False)
    oracle = oracle_of(arrivals)
    try:
        compare_facts(last, oracle)
        for change in ({"document_minutes": None}, {"goods_minutes": 0}, {"clearance_minutes": 0}, {"on_time": None}):
            changed = {key: replace(one, **change) for key, one in last.items() if key[0] is Topic.RATED_SERVICE}
            with pytest.raises(AssertionError):
                compare_facts(changed, oracle)
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
