"""Following what Kafka holds through all groups: nothing between two of them is overlooked."""

from __future__ import annotations

import pytest
from support.audited_groups import AuditedGroups

from schemas.topics import Topic
from sinks.audit.pipeline_info import PipelineInfo
from sinks.audit.wave import Behind, Waves

pytestmark = pytest.mark.servers


def test_what_lies_between_two_groups_is_not_overlooked(broker: str) -> None:
    """The ends of a group's topics are read only when the groups before it have written all that they had to."""
    bench = AuditedGroups(broker, Topic.RATING, Topic.RATED_SERVICE)
    join, sink = bench.group("join", Topic.RATING), bench.group("sink", Topic.RATED_SERVICE)
    bench.write(Topic.RATING, 2)
    with Waves(bench.kafka, PipelineInfo((join, sink))) as waves:
        wave = waves.start()
        # The sink has read everything that there is: that is not the end.
        assert wave.look() == [Behind("join", join.group, "hailong join", "rating", 2)]
        bench.write(Topic.RATED_SERVICE)
        bench.commit(join, Topic.RATING, 2)
        assert wave.look() == [Behind("sink", sink.group, "hailong sink", "rated-service", 1)]
        bench.commit(sink, Topic.RATED_SERVICE, 1)
        assert wave.look() == ()


def test_what_comes_later_is_not_waited_for(broker: str) -> None:
    """A system in use never has no lag at all; what was there at the beginning passes nevertheless."""
    bench = AuditedGroups(broker, Topic.RATING, Topic.RATED_SERVICE)
    join, sink = bench.group("join", Topic.RATING), bench.group("sink", Topic.RATED_SERVICE)
    bench.write(Topic.RATING, 2)
    with Waves(bench.kafka, PipelineInfo((join, sink))) as waves:
        wave = waves.start()
        assert len(wave.look()) == 1
        bench.commit(join, Topic.RATING, 2)
        bench.write(Topic.RATING, 40)
        assert wave.look() == ()
        assert wave.passed_ends(join, Topic.RATING) == {0: 2}
        assert wave.passed_ends(sink, Topic.RATED_SERVICE) == {0: 0}
        assert waves.lags()["join"].behind > 0
        assert len(waves.start().look()) == 1


def test_a_group_that_reads_what_it_writes_must_have_read_that_too(broker: str) -> None:
    """A complaint's timers fire step by step, each when the event of the one before has come back."""
    bench = AuditedGroups(broker, Topic.COMPLAINT, Topic.COMPLAINT_EVENT)
    written = (Topic.COMPLAINT_EVENT,)
    cases = bench.group("complaints", Topic.COMPLAINT, Topic.COMPLAINT_EVENT, writes=written)
    bench.write(Topic.COMPLAINT)
    with Waves(bench.kafka, PipelineInfo((cases,))) as waves:
        wave = waves.start()
        assert [one.topic for one in wave.look()] == ["complaint"]
        bench.write(Topic.COMPLAINT_EVENT)
        bench.commit(cases, Topic.COMPLAINT, 1)
        assert [one.topic for one in wave.look()] == ["complaint-event"]
        bench.commit(cases, Topic.COMPLAINT_EVENT, 1)
        assert wave.look() == ()


def test_all_groups_that_are_behind_are_named(broker: str) -> None:
    """Whoever looks sees at once what each process has left, of which topic; on demand, exactly how much."""
    bench = AuditedGroups(broker, Topic.DECLARATION_STATUS, Topic.RATING, Topic.RATED_SERVICE)
    join = bench.group("join", Topic.DECLARATION_STATUS, Topic.RATING)
    sink = bench.group("sink", Topic.DECLARATION_STATUS, Topic.RATING, Topic.RATED_SERVICE)
    for topic in (Topic.DECLARATION_STATUS, Topic.RATING):
        bench.write(topic, 3)
    bench.commit(join, Topic.DECLARATION_STATUS, 3)
    places = [("join", "rating"), ("sink", "declaration-status"), ("sink", "rating")]
    with Waves(bench.kafka, PipelineInfo((join, sink))) as waves:
        wave = waves.start()
        assert [(one.reader, one.topic) for one in wave.look()] == places
        assert [(one.reader, one.topic, one.records) for one in wave.look(thorough=True)] == [
            (*place, 3) for place in places
        ]
