"""Promise 2 for histories of months and years: published in any order, with restarts, they join like last week's."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import cycle, repeat
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.arrival_orders import Order
from support.comparison import Last, compare, records_of
from support.events import item, rating, status
from support.in_memory import Restart, in_memory_pipeline
from support.long_history import BEGIN, DONE_AT, IMPORTED_AT, MONTH_MS, Arrival, LongHistory, long_history

from processors.domain.join import sorted_runs
from schemas.records.alerts import AlertState
from schemas.records.facts import MatchState
from schemas.topics import Topic

pytestmark = pytest.mark.long

MONTHS = (2, 13, 26)
BATCH = 200
_STORED_ROWS = 100


@cache
def world(months: int) -> LongHistory:
    """A history of so many months; made once for all tests."""
    return long_history(months)


@cache
def played(months: int, order: Order, restarts: tuple[Restart, ...] = ()) -> Last:
    """What a history ends with; played once for all tests."""
    return play(world(months).arrivals(order), repeat(BATCH), restarts)


def play(arrivals: Sequence[Arrival], sizes: Iterator[int], restarts: Sequence[Restart] = ()) -> Last:
    """Play a history through all stages in batches, with restarts at equal distances, in this order.

    Runs of statuses go to disk from a few rows on: those of a history that is small enough for a test.
    """
    place = 0
    breaks = {(number + 1) * len(arrivals) // (len(restarts) + 1): way for number, way in enumerate(restarts)}
    with in_memory_pipeline(IMPORTED_AT) as pipeline, patch.object(sorted_runs, "_STORED", _STORED_ROWS):
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


in_every_order = pytest.mark.parametrize("order", Order)
of_every_length = pytest.mark.parametrize("months", MONTHS)
with_restarts_or_without = pytest.mark.parametrize(
    "restarts",
    [(), (Restart.SNAPSHOT, Restart.MOVED, Restart.LOG, Restart.MOVED)],
    ids=["at once", "with restarts and a second worker"],
)


@in_every_order
@of_every_length
@with_restarts_or_without
def test_a_history_joins_in_every_order(months: int, order: Order, restarts: tuple[Restart, ...]) -> None:
    """Facts, complaints, windows and counts equal the oracle's."""
    assert_true(played(months, order, restarts), world(months))


@in_every_order
@of_every_length
@with_restarts_or_without
def test_a_history_raises_the_same_alerts_in_every_order(
    months: int, order: Order, restarts: tuple[Restart, ...]
) -> None:
    """The alerts that stand are those of a worker that reads the history in the order in which it happened."""
    alerts = alerts_of(played(months, order, restarts))
    assert alerts ^ alerts_of(played(months, Order.SORTED)) == frozenset()


def test_the_long_histories_are_not_too_tame() -> None:
    """Bad days raise alerts in both years, and some sheets must stay unmatched."""
    last = played(26, Order.SORTED)
    years = {(alert.raised_at - BEGIN) // (12 * MONTH_MS) for alert in alerts_of(last)}
    states = [fact.state for fact in records_of(last, Topic.RATED_SERVICE)]
    assert years == {0, 1}
    assert 0 < states.count(MatchState.UNMATCHED) < states.count(MatchState.MATCHED) / 10


histories = given(
    months=st.integers(1, 26),
    seed=st.integers(0, 1000),
    order=st.sampled_from(Order),
    sizes=st.lists(st.integers(20, 150), min_size=1, max_size=6),
    restarts=st.lists(st.sampled_from(Restart), max_size=4),
)
of_any_kind = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def small_history(months: int, seed: int) -> LongHistory:
    """A history of so many months that is quickly played."""
    return long_history(months, seed, hours=24 * max(2, months // 2))


@histories
@of_any_kind
def test_any_history_joins_in_any_order_with_any_restarts(
    months: int, seed: int, order: Order, sizes: list[int], restarts: list[Restart]
) -> None:
    """Whatever history, order, batches and restarts: facts, complaints, windows and counts equal the oracle's."""
    history = small_history(months, seed)
    assert_true(play(history.arrivals(order, seed), cycle(sizes), restarts), history)


@histories
@of_any_kind
def test_any_history_raises_the_same_alerts_in_any_order_with_any_restarts(
    months: int, seed: int, order: Order, sizes: list[int], restarts: list[Restart]
) -> None:
    """Whatever history, order, batches and restarts: the alerts are those of the true order."""
    history = small_history(months, seed)
    wanted = alerts_of(play(history.arrivals(Order.SORTED), repeat(BATCH)))
    assert alerts_of(play(history.arrivals(order, seed), cycle(sizes), restarts)) ^ wanted == frozenset()


@pytest.mark.parametrize("way", Restart)
def test_a_revision_of_a_sheet_of_two_years_ago_stays_matched(way: Restart) -> None:
    """A score of the first day, corrected after two years of other declarations and a restart, is a matched fact."""
    history, declaration, hour = long_history(26, hours=240), "30000000001", 3_600_000
    with in_memory_pipeline(IMPORTED_AT) as pipeline:
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
