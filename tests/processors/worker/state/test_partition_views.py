"""Which views are kept through a rebalance, when time may pass, and what is healthy."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from processors.stages.stage import Absorbed, Output
from processors.worker.health import StageProgress, assess
from processors.worker.idle_partitions import Idleness
from processors.worker.state.partition_views import View, Views
from processors.worker.state.restore import RebuildInterrupted
from schemas.batches.batch import RawBatch
from schemas.topics import Topic

A, B = Topic.DECLARATION_STATUS, Topic.RATING


class Nothing:
    def absorb(self, _batch: RawBatch) -> Absorbed:
        """Take a batch."""
        return Absorbed()

    def advance(self, _now: int) -> Sequence[Output]:
        """Let time pass."""
        return ()


@dataclass
class Builder:
    """Remembers what it was asked to build."""

    built: list[tuple[int, Mapping[Topic, int]]] = field(default_factory=list)

    def rebuild(self, partition: int, bounds: Mapping[Topic, int], *, from_log: bool = False) -> View:
        """Note the request."""
        self.built.append((partition, bounds))
        return View(Nothing(), dict(bounds))


def batch(topic: Topic, partition: int, offsets: Sequence[int]) -> RawBatch:
    """A batch of empty records."""
    nothing = [None] * len(offsets)
    return RawBatch(topic, partition, offsets, [0] * len(offsets), nothing, nothing)


@pytest.fixture
def builder() -> Builder:
    """A builder that remembers."""
    return Builder()


@pytest.fixture
def views(builder: Builder) -> Views:
    """Views of partitions 0 and 1."""
    made = Views("test", builder)
    made.ensure(0, {A: 10, B: 5}).absorb(batch(A, 0, range(10, 20)))
    made.ensure(1, {A: 0, B: 0})
    return made


def test_a_view_is_built_once(views: Views, builder: Builder) -> None:
    """A view that exists is not built again."""
    views.ensure(0, {A: 20, B: 5})
    assert builder.built == [(0, {A: 10, B: 5}), (1, {A: 0, B: 0})]


@dataclass
class Meeting:
    """Builds a view only while another one is built too; some partitions cannot be built."""

    broken: frozenset[int] = frozenset()
    together: threading.Barrier = field(default_factory=lambda: threading.Barrier(2, timeout=10))

    def rebuild(self, partition: int, bounds: Mapping[Topic, int], *, from_log: bool = False) -> View:
        """Wait for the other one."""
        self.together.wait()
        if partition in self.broken:
            raise RebuildInterrupted("told to stop")
        return View(Nothing(), dict(bounds))


def test_two_missing_views_are_built_at_once() -> None:
    """With the view that is asked for, the next missing one is built at the same time, each up to its own bounds."""
    views = Views("test", Meeting())
    missing = {number: {A: number * 10, B: 0} for number in range(4)}

    view = views.ensure(2, missing[2], missing)

    assert views.partitions() == {0, 2}
    assert view.next == {A: 20, B: 0}
    assert views.present()[0].next == {A: 0, B: 0}


@pytest.mark.parametrize("broken", [0, 2])
def test_when_one_of_two_cannot_be_built_neither_is_kept(broken: int) -> None:
    """An interruption of either build is raised, and the next look builds both again."""
    views = Views("test", Meeting(frozenset({broken})))
    missing = {number: {A: 0, B: 0} for number in range(4)}

    with pytest.raises(RebuildInterrupted):
        views.ensure(2, missing[2], missing)

    assert views.partitions() == frozenset()


def test_partitions_that_stay_keep_their_views(views: Views) -> None:
    """A rebalance drops only the views of partitions that left, even if less was committed than is known."""
    views.reconcile({(A, 0): 10, (B, 0): 5})
    assert views.partitions() == {0}


@pytest.mark.parametrize("committed", [{(A, 0): 21, (B, 0): 5}, {(A, 0): 20, (B, 0): 6}])
def test_a_view_that_another_worker_overtook_is_dropped(
    views: Views, committed: Mapping[tuple[Topic, int], int]
) -> None:
    """If the group committed what the view does not know, another worker had the partition meanwhile."""
    views.reconcile({**committed, (A, 1): None, (B, 1): None})
    assert views.partitions() == {1}


def test_time_passes_only_after_a_long_quiet() -> None:
    """The count begins at the first quiet look, begins again with a batch, lag or rebalance, and 0 means never."""
    idle, never = Idleness(5.0), Idleness(0)
    assert not idle.may_advance(0, 100.0, caught_up=True)
    assert idle.may_advance(0, 105.0, caught_up=True)
    assert not idle.may_advance(0, 106.0, caught_up=False)
    assert not idle.may_advance(0, 107.0, caught_up=True)
    idle.touched(0)
    assert not idle.may_advance(0, 112.0, caught_up=True)
    idle.restart()
    assert not idle.may_advance(0, 117.0, caught_up=True)
    assert not never.may_advance(0, 0.0, caught_up=True)
    assert not never.may_advance(0, 9e9, caught_up=True)


@pytest.mark.parametrize(
    ("state", "last", "lag", "healthy"),
    [
        ("running", 0, {}, True),
        ("running", 0, {"t[0]": 5}, False),
        ("running", 99_000, {"t[0]": 5}, True),
        ("rebalancing", 0, {}, False),
        ("failed", 99_000, {}, False),
    ],
)
def test_health_is_judged_by_progress(state: str, last: int, lag: Mapping[str, int], healthy: bool) -> None:
    """Lag without progress, a rebalance without end, and a failed stage are unhealthy; quiet is not."""
    stage = StageProgress("join", state, last, 0, lag, 4)
    found = assess((stage,), now=100_000, stall_after_ms=60_000)
    assert found.healthy is healthy
    assert bool(found.reasons) is not healthy
