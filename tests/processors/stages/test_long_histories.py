"""Promise 2 for histories of months and years: published in any order, with restarts, they join like last week's."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import repeat
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.arrival_orders import Order
from support.comparison import Last, compare, records_of
from support.events import item, rating, status
from support.in_memory import InMemoryPipeline, Restart
from support.long_history import BEGIN, DONE_AT, IMPORTED_AT, MONTH_MS, Arrival, LongHistory, long_history

from schemas.records.alerts import AlertState
from schemas.records.facts import MatchState
from schemas.topics import Topic

MONTHS = (2, 13, 26)
BATCH = 200


@cache
def world(months: int) -> LongHistory:
    """A history of so many months; made once for all tests."""
    return long_history(months)


@cache
def alerts_in_order(months: int) -> frozenset[Any]:
    """The alerts of a worker that reads the history in the order in which it happened."""
    return alerts_of(play(world(months).arrivals(Order.SORTED), repeat(BATCH)))


def play(arrivals: Sequence[Arrival], sizes: Iterator[int], restarts: Sequence[Restart] = ()) -> Last:
    """Play a history through all stages in batches, with restarts at equal distances, in this order."""
    pipeline, place = InMemoryPipeline(IMPORTED_AT), 0
    breaks = {(number + 1) * len(arrivals) // (len(restarts) + 1): way for number, way in enumerate(restarts)}
    while place < len(arrivals):
        end = min(place + next(sizes), *(at for at in (*breaks, len(arrivals)) if at > place))
        for topic in (Topic.DECLARATION_STATUS, Topic.RATING):
            pipeline.take(topic, [record for one, record in arrivals[place:end] if one is topic])
        if (way := breaks.get(end)) is not None:
            pipeline.restart(way)
        place = end
    pipeline.advance(DONE_AT)
    return pipeline.last


def alerts_of(last: Last) -> frozenset[Any]:
    """What the alerts that stand say, without the version, which also counts what was said on the way."""
    return frozenset(
        dataclasses.replace(alert, version=0)
        for alert in records_of(last, Topic.ALERT)
        if alert.state != AlertState.RETRACTED
    )


def assert_true(last: Last, history: LongHistory) -> None:
    """Assert that facts, complaints, windows and counts equal the oracle's."""
    oracle = history.oracle()
    try:
        compare(last, oracle)
    finally:
        oracle.close()


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("months", MONTHS)
def test_a_history_joins_in_every_order(months: int, order: Order) -> None:
    """Facts, complaints, windows and counts equal the oracle's, and the alerts are those of the true order."""
    last = play(world(months).arrivals(order), repeat(BATCH))
    assert_true(last, world(months))
    assert alerts_of(last) ^ alerts_in_order(months) == frozenset()


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("months", MONTHS)
def test_restarts_and_a_second_worker_change_nothing(months: int, order: Order) -> None:
    """The same, when the worker comes back in the middle from a snapshot, from the log, and as another worker."""
    restarts = (Restart.SNAPSHOT, Restart.MOVED, Restart.LOG, Restart.MOVED)
    last = play(world(months).arrivals(order), repeat(BATCH), restarts)
    assert_true(last, world(months))
    assert alerts_of(last) ^ alerts_in_order(months) == frozenset()


def test_the_long_histories_hold_alerts_and_sheets_without_a_declaration() -> None:
    """The worlds are not too tame: bad days raise alerts all along the years, and some sheets must stay unmatched."""
    last = play(world(26).arrivals(Order.SORTED), repeat(BATCH))
    years = {(alert.raised_at - BEGIN) // (12 * MONTH_MS) for alert in alerts_of(last)}
    states = [fact.state for fact in records_of(last, Topic.RATED_SERVICE)]
    assert years == {0, 1, 2}
    assert 0 < states.count(MatchState.UNMATCHED) < states.count(MatchState.MATCHED) / 10


@given(
    months=st.integers(1, 26),
    seed=st.integers(0, 1000),
    order=st.sampled_from(Order),
    sizes=st.lists(st.integers(1, 150), min_size=1, max_size=6),
    restarts=st.lists(st.sampled_from(Restart), max_size=4),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_history_in_any_order_with_any_restarts(
    months: int, seed: int, order: Order, sizes: list[int], restarts: list[Restart]
) -> None:
    """Whatever history, order, batches and restarts: the results equal the oracle's, the alerts those in true order."""
    history = long_history(months, seed, hours=24 * max(2, months // 2))
    wanted = alerts_of(play(history.arrivals(Order.SORTED), repeat(BATCH)))
    last = play(history.arrivals(order, seed), (size for _round in repeat(None) for size in sizes), restarts)
    assert_true(last, history)
    assert alerts_of(last) ^ wanted == frozenset()


@pytest.mark.parametrize("way", Restart)
def test_a_revision_of_a_sheet_of_two_years_ago_stays_matched(way: Restart) -> None:
    """A score of the first day, corrected after two years of other declarations and a restart, is a matched fact."""
    history, declaration, hour = long_history(26, hours=240), "30000000001", 3_600_000
    pipeline = InMemoryPipeline(IMPORTED_AT)
    registered = status("old", "REGISTERED", BEGIN, declaration_no=f"{declaration}0")
    pipeline.take(Topic.DECLARATION_STATUS, [registered])
    pipeline.take(Topic.RATING, [_sheet(declaration, 1, BEGIN + hour, 1)])
    for topic, record in history.arrivals(Order.SORTED):
        pipeline.take(topic, [record])
    pipeline.restart(way)
    pipeline.take(Topic.RATING, [_sheet(declaration, 2, BEGIN + 2 * hour, 4)])
    pipeline.advance(DONE_AT)

    (fact,) = (one for one in records_of(pipeline.last, Topic.RATED_SERVICE) if one.sheet_id == "of-old")
    assert (fact.state, fact.revision, fact.score, fact.registered_at) == (MatchState.MATCHED, 2, 4, BEGIN)


def _sheet(declaration: str, revision: int, submitted_at: int, score: int) -> Any:
    return rating("of-old", revision, submitted_at, item(score=score), declaration_no=f"{declaration}0")
