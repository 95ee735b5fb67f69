"""The load of the fault matrix and its oracle, without servers: the stages end with the expected facts."""

from __future__ import annotations

from typing import Any

import pytest
from support.comparison import fact_content, records_of
from support.in_memory import in_memory_pipeline

from faults.expected import FACT_CONTENT, FACT_KEY, expected_tables
from faults.inputs import Records, accepted
from faults.traffic import START_MS, Event, Traffic, rounds
from producers.sdk import encoded_rating, encoded_status
from schemas.records.events import Rating
from schemas.reference.offices import load_offices
from schemas.topics import Topic

EVENTS = 800
BATCH = 100
HOUR = 3_600_000
END_OF_TIME = 1 << 42


def events_of(since: int) -> list[Event]:
    """A short round that begins at an instant."""
    first, *_others = rounds([office.code for office in load_offices().offices(START_MS)], seed=21)
    traffic = Traffic(first, 21, since)
    traffic.rated = True
    return [*traffic.take(EVENTS), *traffic.rest()]


def facts_of(events: list[Event]) -> dict[Any, Any]:
    """What the stages end with, in the form of `faults.expected`."""
    with in_memory_pipeline() as pipeline:
        for place in range(0, len(events), BATCH):
            some = events[place : place + BATCH]
            pipeline.take(Topic.DECLARATION_STATUS, [one for one in some if not isinstance(one, Rating)])
            pipeline.take(Topic.RATING, [one for one in some if isinstance(one, Rating)])
        pipeline.advance(END_OF_TIME)
        facts = records_of(pipeline.last, Topic.RATED_SERVICE)
    return {
        (int(one.declaration_no[:11]), *(getattr(one, name) for name in FACT_KEY)): fact_content(
            {name: getattr(one, name) for name in FACT_CONTENT}, FACT_CONTENT
        )
        for one in facts
    }


@pytest.mark.parametrize("hours", [0, 4, 9], ids=["in working time", "in the break", "in the evening"])
def test_a_round_ends_with_the_expected_facts_at_any_time_of_the_day(hours: int) -> None:
    """Event time runs hundreds of times as fast as ours, so rounds lie in nights and breaks, too."""
    since = START_MS + hours * HOUR
    events = events_of(since)
    records: Records = {
        Topic.RATING: [encoded_rating(one, since) for one in events if isinstance(one, Rating)],
        Topic.DECLARATION_STATUS: [encoded_status(one, since) for one in events if not isinstance(one, Rating)],
    }

    expected = expected_tables(accepted(records))["rated_service"]

    assert facts_of(events) == expected
    assert any(row[-1] is not None for row in expected.values())  # some were checked
    assert any(row[-1] is None for row in expected.values())
