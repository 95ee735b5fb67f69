"""Which views are kept through a rebalance, and how missing ones are restored."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from support.polling import DEADLINE_S

from processors.stages.stage import Absorbed, Output
from processors.worker.state.partition_views import PartitionViews, View
from processors.worker.state.restore import RestoreInterrupted
from schemas.batches.batch import Batch, RawBatch
from schemas.topics import Topic

A, B = Topic.DECLARATION_STATUS, Topic.RATING


class Nothing:
    def absorb(self, batch: Batch) -> Absorbed:
        """Take a batch."""
        return Absorbed()

    def advance(self, now: int) -> Sequence[Output]:
        """Let time pass."""
        return ()


@dataclass
class Restorer:
    """Remembers the requests."""

    requests: list[tuple[int, Mapping[Topic, int]]] = field(default_factory=list)

    def restore(self, partition: int, done_offsets: Mapping[Topic, int], *, from_log: bool = False) -> View:
        """Note the request."""
        self.requests.append((partition, done_offsets))
        return View(Nothing(), dict(done_offsets))


def batch(topic: Topic, partition: int, offsets: Sequence[int]) -> RawBatch:
    """A batch of empty records."""
    nothing = [None] * len(offsets)
    return RawBatch(topic, partition, offsets, [0] * len(offsets), nothing, nothing)


@pytest.fixture
def restorer() -> Restorer:
    """A restorer that remembers its requests."""
    return Restorer()


@pytest.fixture
def views(restorer: Restorer) -> PartitionViews:
    """Views of partitions 0 and 1."""
    made = PartitionViews("test", restorer)
    made.get_or_restore(0, {A: 10, B: 5}).absorb(batch(A, 0, range(10, 20)))
    made.get_or_restore(1, {A: 0, B: 0})
    return made


def test_a_view_is_restored_once(views: PartitionViews, restorer: Restorer) -> None:
    """A view that exists is not restored again."""
    views.get_or_restore(0, {A: 20, B: 5})
    assert restorer.requests == [(0, {A: 10, B: 5}), (1, {A: 0, B: 0})]


@dataclass
class ParallelRestorer:
    """Restores a view only while another restore runs too; some partitions fail."""

    broken: frozenset[int] = frozenset()
    together: threading.Barrier = field(default_factory=lambda: threading.Barrier(2, timeout=DEADLINE_S))

    def restore(self, partition: int, done_offsets: Mapping[Topic, int], *, from_log: bool = False) -> View:
        """Wait for the other restore."""
        self.together.wait()
        if partition in self.broken:
            raise RestoreInterrupted("interrupted")
        return View(Nothing(), dict(done_offsets))


def test_two_missing_views_are_restored_at_once() -> None:
    """The requested view and the next missing one are restored in parallel, each up to its own done offsets."""
    views = PartitionViews("test", ParallelRestorer())
    missing = {number: {A: number * 10, B: 0} for number in range(4)}

    view = views.get_or_restore(2, missing[2], missing)

    assert views.by_partition().keys() == {0, 2}
    assert view.next_offsets == {A: 20, B: 0}
    assert views.by_partition()[0].next_offsets == {A: 0, B: 0}


@pytest.mark.parametrize("broken", [0, 2])
def test_if_one_of_two_restores_fails_neither_view_is_kept(broken: int) -> None:
    """An interruption of either restore is raised, and no view is kept, so both are restored again later."""
    views = PartitionViews("test", ParallelRestorer(frozenset({broken})))
    missing = {number: {A: 0, B: 0} for number in range(4)}

    with pytest.raises(RestoreInterrupted):
        views.get_or_restore(2, missing[2], missing)

    assert views.by_partition().keys() == set()


def test_partitions_that_stay_keep_their_views(views: PartitionViews) -> None:
    """A rebalance drops only the views of revoked partitions, even if a view is ahead of the committed offsets."""
    views.drop_outdated({(A, 0): 10, (B, 0): 5})
    assert views.by_partition().keys() == {0}


@pytest.mark.parametrize("committed", [{(A, 0): 21, (B, 0): 5}, {(A, 0): 20, (B, 0): 6}])
def test_a_view_that_another_worker_overtook_is_dropped(
    views: PartitionViews, committed: Mapping[tuple[Topic, int], int]
) -> None:
    """A view behind the committed offsets is dropped: another worker owned the partition meanwhile."""
    views.drop_outdated({**committed, (A, 1): None, (B, 1): None})
    assert views.by_partition().keys() == {1}
