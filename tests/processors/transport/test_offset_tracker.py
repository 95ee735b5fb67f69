"""The offset tracker against a simple model: the set of offsets whose work is done."""

from __future__ import annotations

import pytest
from faust.types import TP
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from processors.transport.offset_tracker import BatchOffsets, OffsetTracker
from schemas.errors import SystemFault

P = TP("rating", 0)
SIBLING = TP("status", 0)


class TrackerModel(RuleBasedStateMachine):
    """One partition: a log read in batches, the set of done offsets, and a broker that keeps one committed offset.

    The reader may lose batches, deliver late ones, seek and be revoked, as Faust does in a rebalance.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tracker = OffsetTracker()
        self.position = 0
        self.done: set[int] = set()
        self.kafka: int | None = None
        self.delivered: list[BatchOffsets] = []
        self.in_progress: list[BatchOffsets] = []
        self.finished: list[BatchOffsets] = []
        self.tracker.restart_at({P: None})

    @rule(size=st.integers(1, 5), gap=st.integers(0, 2), lost=st.booleans())
    def fetch(self, size: int, gap: int, lost: bool) -> None:
        """A batch is fetched, and may get lost on its way to the agent."""
        batch = self.tracker.add_fetched(P, self.position + gap, self.position + gap + size)
        assert not batch.log_restarted
        self.done.update(range(self.position, self.position + gap))  # compacted away: no work to do
        self.position += gap + size
        if not lost:
            self.delivered.append(batch)

    @precondition(lambda self: self.delivered)
    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        """An agent starts any batch that reached it, in order or not."""
        batch = self.delivered.pop(data.draw(st.integers(0, len(self.delivered) - 1)))
        try:
            started = self.tracker.start(batch)
        except SystemFault:
            return
        if started:
            self.in_progress.append(batch)

    @precondition(lambda self: self.in_progress)
    @rule(data=st.data(), finish=st.booleans())
    def finish(self, data: st.DataObject, finish: bool) -> None:
        """An agent finishes a batch, or releases it."""
        batch = self.in_progress.pop(data.draw(st.integers(0, len(self.in_progress) - 1)))
        if not finish:
            self.tracker.release(batch)
            return
        self.done.update(range(batch.first, batch.end))
        self.tracker.mark_done(batch)
        self.finished.append(batch)

    @precondition(lambda self: self.finished)
    @rule(data=st.data())
    def finish_again(self, data: st.DataObject) -> None:
        """A second acknowledgement is ignored."""
        assert not self.tracker.mark_done(data.draw(st.sampled_from(self.finished)))

    @rule(accepted=st.booleans())
    def commit(self, accepted: bool) -> None:
        """The commit timer fires; Kafka accepts or refuses the commit."""
        offset = self.tracker.committable_offset(P)
        if offset is None:
            return
        assert self.kafka is None or offset > self.kafka, "never backwards, never twice"
        assert set(range(offset)) <= self.done, "commit means done"
        if accepted:
            self.kafka = offset
            self.tracker.mark_committed(P, offset)
            assert self.tracker.committable_offset(P) is None
        else:
            assert self.tracker.committable_offset(P) == offset, "a failed commit moves nothing"

    @rule(revoked=st.booleans())
    def seek(self, revoked: bool) -> None:
        """A rebalance, or a seek within one: reading restarts at the committed offset."""
        before = self.tracker.assignment_epoch
        if revoked:
            self.tracker.revoke([P])
            assert self.tracker.committable_offset(P) is None
        self.tracker.restart_at({P: self.kafka})
        assert self.tracker.assignment_epoch > before
        self.position = self.kafka or 0

    @invariant()
    def the_done_offset_is_done(self) -> None:
        """Everything below the done offset, up to which a view is restored, has been done."""
        assert set(range(self.tracker.done_offset(P) or 0)) <= self.done

    @invariant()
    def a_started_batch_is_in_progress(self) -> None:
        """A rebalance waits only for a batch that an agent works on."""
        assert not self.tracker.has_started_batch() or self.in_progress


TestTrackerModel = TrackerModel.TestCase
TestTrackerModel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_a_lost_batch_is_detected() -> None:
    """Starting a batch after one that was never delivered is a fault, so nothing is committed past the lost one."""
    tracker = OffsetTracker()
    tracker.restart_at({P: 10})
    tracker.add_fetched(P, 10, 20)
    later = tracker.add_fetched(P, 20, 30)
    with pytest.raises(SystemFault, match="before offset 20 is lost"):
        tracker.start(later)
    assert tracker.committable_offset(P) is None


def test_a_batch_of_an_earlier_assignment_is_void() -> None:
    """A batch that was fetched before a rebalance is neither processed nor committed after it."""
    tracker = OffsetTracker()
    tracker.restart_at({P: 10})
    queued, in_progress = tracker.add_fetched(P, 10, 20), tracker.add_fetched(SIBLING, 0, 5)
    assert tracker.start(in_progress)
    tracker.revoke([P, SIBLING])
    tracker.restart_at({P: 10, SIBLING: None})
    assert not tracker.start(queued)
    assert not tracker.mark_done(in_progress)
    assert not tracker.has_started_batch()
    assert tracker.committable_offset(P) is tracker.committable_offset(SIBLING) is None


def test_a_recreated_log_may_commit_lower_offsets() -> None:
    """An offset below the expected one shows that the topic was recreated; the new log's own offsets are committed."""
    tracker = OffsetTracker()
    tracker.restart_at({P: 500})
    stale = tracker.add_fetched(P, 500, 600)
    fresh = tracker.add_fetched(P, 0, 7)
    assert fresh.log_restarted
    assert not tracker.start(stale)
    assert tracker.start(fresh)
    assert tracker.mark_done(fresh)
    assert tracker.committable_offset(P) == 7


def test_partitions_are_independent() -> None:
    """A batch in progress blocks its own partition only."""
    tracker = OffsetTracker()
    tracker.restart_at({P: None, SIBLING: None})
    blocked, free = tracker.add_fetched(P, 0, 5), tracker.add_fetched(SIBLING, 0, 5)
    assert tracker.start(blocked)
    assert tracker.start(free)
    assert tracker.mark_done(free)
    assert tracker.committable_offset(SIBLING) == 5
    assert tracker.committable_offset(P) is None
    assert (tracker.first_undone_offset(P, 9), tracker.first_undone_offset(SIBLING, 5)) == (0, 5)
