"""Promise 2 where time misbehaves: a day entered late, a clock that runs ahead, a log that is loaded a second time."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from support.clickhouse import rows
from support.events import at, item, rating, status
from support.history import Event, events_of, oracle_of, written
from support.pipeline import Pipeline, Sent

from schemas.keys import declaration_key
from schemas.records.dead_letters import DeadLetter
from schemas.records.facts import MatchState, RatedService
from schemas.topics import DAY_MS, Topic
from sinks.clickhouse.connection import ClickHouseConnection

pytestmark = pytest.mark.servers

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


def _some(found: object) -> None:
    assert found


def outage(history: list[Event]) -> tuple[int, int]:
    """The two days that most sheets were sent in, from midnight."""
    days = [event.fields["submitted_at"] // DAY_MS for event in history if event.topic is Topic.RATING]
    first = max(days, key=lambda day: days.count(day) + days.count(day + 1))
    return first * DAY_MS, (first + 2) * DAY_MS


@pytest.mark.long
def test_statuses_of_two_days_are_entered_a_day_later(pipeline: Pipeline) -> None:
    """Ratings of the outage are unmatched first and corrected by a higher version; nothing else tells the difference.

    As after the outage of VNACCS on 6 and 7 August 2024: paper in those days, typed in among the traffic of the next.
    Meanwhile a second sink, with a group and a database of its own, loads the topics from their beginning.
    """
    history = events_of(22)
    begin, end = outage(history)
    history = [replace(one, arrival_at=_entered(one, begin, end)) for one in history]
    history.sort(key=lambda one: one.arrival_at)
    sent = [(one, written(one)) for one in history]
    by_end = sum(one.arrival_at < end for one in history)
    unknown = matched_late(history[:by_end], history)
    assert unknown, "the scenario has no sheet that the outage could hurt"
    live, replayed = pipeline.database("live"), pipeline.database("replayed")
    with pipeline.worker(), pipeline.sink(live):
        pipeline.publish(record for _event, record in sent[:by_end])
        pipeline.wait_until(lambda: _holds(unmatched(live), unknown), "the sheets are unmatched")
        with pipeline.sink(replayed):
            for start in range(by_end, len(sent), 200):  # so that both sinks load old and new side by side
                pipeline.publish(record for _event, record in sent[start : start + 200])
            pipeline.wait_for_truth(oracle_of(sent), live, replayed)
    facts = pipeline.records(Topic.RATED_SERVICE, RatedService)
    for sheet in unknown:
        versions = [one for one in facts if sheet_of(one) == sheet]
        assert (versions[0].state, versions[-1].state) == (MatchState.UNMATCHED, MatchState.MATCHED)
        assert versions[-1].version > versions[0].version


def _entered(event: Event, begin: int, end: int) -> int:
    """When an event arrives: a status of the outage at a random moment of the day after it."""
    if event.topic is Topic.RATING or not begin <= event.arrival_at < end:
        return event.arrival_at
    return end + random.Random(event.fields["event_id"]).randrange(DAY_MS)


def matched_late(so_far: list[Event], all_of_it: list[Event]) -> set[tuple[str, str]]:
    """Sheets (declaration, sheet id) that have no status up to their sending so far, and will have one."""
    return known_sheets(so_far, all_of_it) - known_sheets(so_far, so_far)


def known_sheets(ratings: list[Event], statuses: list[Event]) -> set[tuple[str, str]]:
    """Sheets of some events whose declaration has, among others, a status up to the sending of their last revision."""
    since: dict[str, int] = {}
    for one in statuses:
        if one.topic is Topic.DECLARATION_STATUS:
            known = since.setdefault(one.declaration, one.fields["occurred_at"])
            since[one.declaration] = min(known, one.fields["occurred_at"])
    last: dict[tuple[str, str], tuple[int, int]] = {}
    for one in ratings:
        if one.topic is Topic.RATING:
            sheet = (one.declaration, one.fields["sheet_id"])
            last[sheet] = max(last.get(sheet, (0, 0)), (one.fields["revision"], one.fields["submitted_at"]))
    return {sheet for sheet, (_revision, at_) in last.items() if since.get(sheet[0], at_ + 1) <= at_}


def sheet_of(fact: RatedService) -> tuple[str, str]:
    """Declaration and sheet."""
    return fact.declaration_no[:11], fact.sheet_id


def unmatched(database: ClickHouseConnection) -> set[tuple[str, str]]:
    """Sheets whose facts stand unmatched in a database."""
    query = "SELECT DISTINCT declaration_no, sheet_id FROM rated_service FINAL WHERE state = 'UNMATCHED'"
    return {(row["declaration_no"][:11], row["sheet_id"]) for row in rows(database, query)}


def _holds(found: set[tuple[str, str]], wanted: set[tuple[str, str]]) -> None:
    assert wanted <= found


NINE = at("2020-05-13 09:00")


class Day:
    """Events of a day on which one system's clock is an hour ahead, with the times at which Kafka took them."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.sent: list[tuple[Event, Sent]] = []

    def statuses(self, declarations: list[str], occurred_at: int, taken_at: int) -> None:
        """A registration of each declaration."""
        records = [status(f"{no}-{occurred_at}", "REGISTERED", occurred_at, declaration_no=no) for no in declarations]
        self._publish(Topic.DECLARATION_STATUS, records, taken_at)

    def ratings(self, declarations: list[str], submitted_at: int, taken_at: int) -> None:
        """A sheet on each declaration."""
        records = [rating(f"s-{no}", 1, submitted_at, item(score=2), declaration_no=no) for no in declarations]
        self._publish(Topic.RATING, records, taken_at)

    def _publish(self, topic: Topic, records: list[Any], taken_at: int) -> None:
        events = [Event(topic, declaration_key(one.declaration_no), one.to_avro(), taken_at) for one in records]
        new = [(event, written(event, at=taken_at)) for event in events]
        self.sent += new
        self._pipeline.publish(sent for _event, sent in new)

    def states(self, declarations: list[str]) -> list[str]:
        """States of every fact about the declarations that was ever published, in the order of the log."""
        facts = self._pipeline.records(Topic.RATED_SERVICE, RatedService)
        return [fact.state for fact in facts if fact.declaration_no in declarations]

    def wait_for(self, declarations: list[str], state: MatchState) -> None:
        """Until every declaration has a fact in this state."""

        def check() -> None:
            assert self.states(declarations).count(state) == len(declarations)

        self._pipeline.wait_until(check, f"{len(declarations)} facts are {state}")


def test_a_clock_an_hour_ahead_ends_no_grace_and_drags_no_time(pipeline: Pipeline) -> None:
    """Its events are accepted where they say they are; stream time stays with the times at which Kafka took them.

    Where the publisher's own clock, and with it Kafka's time, is ahead too, a grace ends early, and is made good.
    """
    in_time, late, ahead, witness, other, early = ([f"10{kind}0000{n:02d}010" for n in range(8)] for kind in "345678")
    day, database = Day(pipeline), pipeline.database("live")
    with pipeline.worker(HAILONG_WORKER_IDLE_ADVANCE_S="0"), pipeline.sink(database):
        day.ratings(in_time + late + witness, NINE, NINE + 1000)
        day.statuses(ahead, NINE + MINUTE_MS + HOUR_MS, NINE + MINUTE_MS)
        day.statuses(witness, NINE - 10 * MINUTE_MS, NINE + MINUTE_MS)
        day.wait_for(witness, MatchState.MATCHED)  # so every partition has seen the clock that is ahead
        assert day.states(in_time + late) == []
        day.statuses(in_time, NINE - 10 * MINUTE_MS, NINE + 2 * MINUTE_MS)
        day.statuses(other, NINE + 6 * MINUTE_MS, NINE + 6 * MINUTE_MS)
        day.wait_for(late, MatchState.UNMATCHED)
        day.statuses(late, NINE - 10 * MINUTE_MS, NINE + 20 * MINUTE_MS)
        day.ratings(ahead, NINE + 21 * MINUTE_MS + HOUR_MS, NINE + 21 * MINUTE_MS)
        day.ratings(early, NINE + 25 * MINUTE_MS, NINE + 25 * MINUTE_MS)
        day.statuses(ahead, NINE + 26 * MINUTE_MS + HOUR_MS, NINE + 26 * MINUTE_MS + HOUR_MS)
        day.wait_for(early, MatchState.UNMATCHED)
        day.statuses(early, NINE + 24 * MINUTE_MS, NINE + 27 * MINUTE_MS)
        expected = oracle_of(day.sent)
        day.statuses(other, NINE + DAY_MS + 30 * MINUTE_MS + 1, NINE + 30 * MINUTE_MS)  # more than a day ahead
        pipeline.wait_for_truth(expected, database)
        pipeline.wait_until(lambda: _some(rows(database, "SELECT * FROM dead_letter")), "dead letters")
    assert day.states(in_time) == [MatchState.MATCHED] * len(in_time)
    assert day.states(ahead) == [MatchState.MATCHED] * len(ahead)
    letters = pipeline.records(Topic.DEAD_LETTER, DeadLetter)
    assert {(one.reason, one.detail.split()[0]) for one in letters} == {("BAD_TIME", "occurred_at")}
    assert len({one.dead_letter_id for one in letters}) == len(other)
