"""What Kafka deletes, a worker forgets: but not what a sheet that is still in the log needs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from support.brokers import on_kafka
from support.events import item, rating, status, value_of
from support.polling import eventually
from support.worker_bench import WorkerBench

from schemas.keys import declaration_key
from schemas.topics import Topic

pytestmark = [pytest.mark.servers, on_kafka]

STATUS, RATING = Topic.DECLARATION_STATUS, Topic.RATING
OTHER = "109999999990"


def produce(bench: WorkerBench, topic: Topic, *records: Any) -> None:
    """Produce records with their keys."""
    bench.produce(topic, [(declaration_key(one.declaration_no), value_of(one, topic)) for one in records])


def delete_below(bench: WorkerBench, topic: Topic, offset: int) -> None:
    """Delete records as retention does."""
    place = TopicPartition(bench.name(topic), 0, offset)
    bench.admin.delete_records([place])[place].result()


def newest(bench: WorkerBench) -> Sequence[Any]:
    """Revision, state and reason of the fact with the highest version, if there is one."""
    facts = sorted(bench.read(Topic.RATED_SERVICE), key=lambda fact: fact["version"])
    return [(fact["revision"], fact["state"], fact["unmatched_reason"]) for fact in facts[-1:]]


def test_a_matched_sheet_outlives_its_statuses_and_a_rebuild_says_that_they_are_gone(bench: WorkerBench) -> None:
    """Deleted statuses are forgotten, except those of a sheet; without them, after a restart, an edit says GONE."""
    # given
    bench.create(partitions=1)
    now = time.time_ns() // 1_000_000
    produce(bench, STATUS, status("e1", "REGISTERED", now - 2), status("e2", "REGISTERED", now, declaration_no=OTHER))
    produce(bench, RATING, rating("s", 1, now - 1, item(score=5)))
    worker = bench.worker("joining", IDLE_ADVANCE_S="1", FORGET_INTERVAL_S="0.2")
    eventually(lambda: newest(bench) == [(1, "MATCHED", None)], "the fact")
    # when
    delete_below(bench, STATUS, 2)
    produce(bench, STATUS, status("e3", "REGISTERED", now, declaration_no=OTHER))
    # then
    eventually(lambda: bench.says(worker, "view_forgot") > 0, "the worker to forget")
    produce(bench, RATING, rating("s", 2, now, item(score=4)))
    eventually(lambda: newest(bench) == [(2, "MATCHED", None)], "the edit")
    assert bench.stop(worker) == 0
    # and
    bench.worker("joining", IDLE_ADVANCE_S="1")
    produce(bench, RATING, rating("s", 3, now + 1, item(score=3)))
    eventually(lambda: newest(bench) == [(3, "UNMATCHED", "GONE")], "the edit of a sheet whose declaration is gone")
