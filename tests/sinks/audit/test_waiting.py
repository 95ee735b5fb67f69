"""Waiting until all is done: what it waits for, and how it ends otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event

import pytest
from support.audited_groups import commit
from support.events import at, rating, status, unmatched_fact
from support.polling import DEADLINE_S
from support.proxy import Fault, Proxy
from support.sink_bench import SinkBench

from schemas.errors import Unavailable
from schemas.topics import Topic
from sinks.audit.pipeline_info import PipelineInfo, ReaderGroup
from sinks.audit.waiting import Ending, Waited, WaitOptions, wait_until_done

pytestmark = pytest.mark.servers

T = at("2020-05-11 08:00")


class Waiting:
    """A wait on a bench whose join is a group that the test commits for.

    Every line of progress is kept, and lets the test act: so nothing here depends on how fast the machine is.
    """

    def __init__(self, bench: SinkBench) -> None:
        self.bench = bench
        inputs, prefix = (Topic.DECLARATION_STATUS, Topic.RATING), bench.kafka.topic_prefix
        self.join = ReaderGroup("join", f"{prefix}join", "hailong worker", inputs, (Topic.RATED_SERVICE,))
        self.lines: list[str] = []
        self.stop = Event()

    def wait(
        self, act: Callable[[int], object] = lambda _number: None, *, idle_s: float = 0.0, **limits: float
    ) -> Waited:
        """Wait; `act` is called with the number of each line of progress, from 0."""

        def tell(line: str) -> None:
            self.lines.append(line)
            act(len(self.lines) - 1)

        options = WaitOptions(**{"timeout_s": DEADLINE_S, "look_s": 0.01, "tell_s": 0.0, "clock_s": 0.1, **limits})
        pipeline = PipelineInfo((self.join,), 300_000, idle_s)
        return wait_until_done(self.bench.kafka, self.bench.clickhouse, pipeline, options, self.stop, tell)

    def read_everything(self) -> None:
        """The join commits what the tests send: one record of each topic."""
        commit(self.bench.kafka, self.join, Topic.RATING, 1)
        commit(self.bench.kafka, self.join, Topic.DECLARATION_STATUS, 1)


@pytest.fixture
def waiting(bench: SinkBench) -> Waiting:
    """A wait for one rating and one status that nobody has read."""
    bench.send(Topic.RATING, rating("s", 1, T, declaration_no="103000000020"))
    bench.send(Topic.DECLARATION_STATUS, status("r", "REGISTERED", T))
    return Waiting(bench)


def test_it_ends_when_everything_was_read(waiting: Waiting) -> None:
    """Before that it says what is left, and it says no earlier that all is done."""
    waited = waiting.wait(lambda number: waiting.read_everything() if number == 2 else None)
    assert (waited.ending, waited.report.behind) == (Ending.DONE, ())
    assert "2 records left: join 2 (0/s)" in waiting.lines[0]
    assert len(waiting.lines) > 2


def test_it_ends_when_time_is_up(waiting: Waiting) -> None:
    """The audit that comes with it says what is still to be read."""
    waited = waiting.wait(timeout_s=0.05)
    assert waited.ending is Ending.TIME_IS_UP
    assert waited.why.startswith("Not done after 0:00: 2 records left: join 2 (0/s)")
    assert [(one.reader, one.topic) for one in waited.report.behind] == [
        ("join", "declaration-status"),
        ("join", "rating"),
    ]
    assert not waited.report.clean


def test_it_ends_when_it_is_stopped(waiting: Waiting) -> None:
    """Ctrl-C is heard between two looks."""
    waited = waiting.wait(lambda _number: waiting.stop.set())
    assert (waited.ending, len(waiting.lines)) == (Ending.STOPPED, 1)


def test_a_process_that_does_not_run_is_named(waiting: Waiting) -> None:
    """A group without members reads nothing: the wait says which process to start, instead of waiting on."""
    waited = waiting.wait(absent_s=0.05)
    assert waited.ending is Ending.STALLED
    assert waited.why.endswith(f"nobody is in group {waiting.join.group}, is `hailong worker` running?.")


def test_a_process_that_reads_nothing_is_named(waiting: Waiting) -> None:
    """Processes that commit without joining a group are given more time, and so are groups with members."""
    waiting.join = ReaderGroup("am", waiting.join.group, "hailong alertmanager", waiting.join.inputs, has_members=False)
    waited = waiting.wait(absent_s=0.0, stall_s=0.2)
    assert waited.ending is Ending.STALLED
    assert waited.why.startswith("am has 1 records of declaration-status, 1 records of rating left, and has read noth")
    assert waited.why.endswith("look at the log and /health of `hailong alertmanager`.")


@pytest.mark.long
def test_sheets_that_wait_for_their_declaration_are_waited_for(waiting: Waiting) -> None:
    """Everything is read, but the join has yet to publish the sheet: its declaration may still come."""
    waiting.read_everything()
    waiting.bench.load(2)
    waited = waiting.wait(lambda number: waiting.stop.set() if number == 50 else None, idle_s=0.01)
    assert waited.ending is Ending.STOPPED
    assert {line.split("  ", 1)[1] for line in waiting.lines} == {
        "everything is read; 1 sheets wait for their declaration"
    }
    assert waited.report.services.waiting_sheets == 1


def test_results_that_time_brings_are_waited_for(waiting: Waiting) -> None:
    """While stages go on writing after everything was read, as when timers fire, it is not the end."""
    waiting.bench.send(Topic.DECLARATION_STATUS, status("r", "REGISTERED", T, declaration_no="103000000020"))
    commit(waiting.bench.kafka, waiting.join, Topic.RATING, 1)
    commit(waiting.bench.kafka, waiting.join, Topic.DECLARATION_STATUS, 2)

    def act(number: int) -> None:
        if number < 20:
            waiting.bench.produce(Topic.RATED_SERVICE, [(b"key", b"value")])

    waited = waiting.wait(act, idle_s=0.01, clock_s=2.0)
    assert waited.ending is Ending.DONE
    assert len(waiting.lines) > 20


@pytest.mark.long
def test_sheets_that_came_after_the_beginning_are_not_waited_for(waiting: Waiting) -> None:
    """In a system in use some sheet always waits for its declaration, and others always publish."""
    waiting.bench.send(Topic.DECLARATION_STATUS, status("r2", "REGISTERED", T - 1, declaration_no="103000000020"))
    waiting.bench.send(Topic.RATED_SERVICE, unmatched_fact("s", "103000000020", T))
    commit(waiting.bench.kafka, waiting.join, Topic.DECLARATION_STATUS, 2)
    commit(waiting.bench.kafka, waiting.join, Topic.RATING, 1)
    waiting.bench.load(4)

    def act(number: int) -> None:
        waiting.bench.produce(Topic.RATED_SERVICE, [(b"key", b"value")])
        if number == 1:
            waiting.bench.send(Topic.RATING, rating("late", 1, T, declaration_no="103000000030"))
            commit(waiting.bench.kafka, waiting.join, Topic.RATING, 2)
            waiting.bench.load(5)

    waited = waiting.wait(act, idle_s=0.01)
    assert waited.ending is Ending.DONE
    assert waited.report.services.waiting_sheets == 1


def test_a_server_that_is_away_for_a_moment_does_not_end_the_wait(waiting: Waiting) -> None:
    """The question is asked again; only one that stays away ends it."""
    waiting.read_everything()
    with Proxy(waiting.bench.clickhouse.port, b"WITH items AS").running() as proxy:
        waiting.bench = replace(waiting.bench, clickhouse=replace(waiting.bench.clickhouse, port=proxy.port))
        proxy.arm(Fault.SWALLOW, 0)
        waited = waiting.wait(idle_s=0.01)
    assert waited.ending is Ending.DONE
    assert "trying again" in waiting.lines[0]
    with Proxy(1, b"").running() as nowhere:
        waiting.bench = replace(waiting.bench, clickhouse=replace(waiting.bench.clickhouse, port=nowhere.port))
        with pytest.raises(Unavailable):
            waiting.wait()
