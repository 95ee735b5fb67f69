"""The offset ledger against a model that knows nothing of leases: a list of what was done."""

from __future__ import annotations

import pytest
from faust.types import TP
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from processors.transport.offset_tracker import Lease, OffsetLedger
from schemas.errors import SystemFault

P = TP("rating", 0)
SIBLING = TP("status", 0)


class LedgerModel(RuleBasedStateMachine):
    """One partition: a log read in batches, a set of offsets whose work is done, and a broker that keeps one commit.

    The reader may lose batches, deliver late ones, seek and be revoked, as Faust does in a rebalance.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ledger = OffsetLedger()
        self.position = 0
        self.done: set[int] = set()
        self.kafka: int | None = None
        self.delivered: list[Lease] = []
        self.in_hand: list[Lease] = []
        self.finished: list[Lease] = []
        self.ledger.sought({P: None})

    @rule(size=st.integers(1, 5), gap=st.integers(0, 2), lost=st.booleans())
    def fetch(self, size: int, gap: int, lost: bool) -> None:
        """A batch leaves the fetcher, and may get lost on its way to the agent."""
        lease = self.ledger.fetched(P, self.position + gap, self.position + gap + size)
        assert not lease.restarted
        self.done.update(range(self.position, self.position + gap))  # compacted away: nothing to do
        self.position += gap + size
        if not lost:
            self.delivered.append(lease)

    @precondition(lambda self: self.delivered)
    @rule(data=st.data())
    def take(self, data: st.DataObject) -> None:
        """An agent begins any batch that reached it, in order or not."""
        lease = self.delivered.pop(data.draw(st.integers(0, len(self.delivered) - 1)))
        try:
            taken = self.ledger.take(lease)
        except SystemFault:
            return
        if taken:
            self.in_hand.append(lease)

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data(), finish=st.booleans())
    def finish(self, data: st.DataObject, finish: bool) -> None:
        """An agent ends a batch, or lets go of it."""
        lease = self.in_hand.pop(data.draw(st.integers(0, len(self.in_hand) - 1)))
        if not finish:
            self.ledger.give_back(lease)
            return
        self.done.update(range(lease.first, lease.end))
        self.ledger.done(lease)
        self.finished.append(lease)

    @precondition(lambda self: self.finished)
    @rule(data=st.data())
    def finish_again(self, data: st.DataObject) -> None:
        """A second acknowledgement counts for nothing."""
        assert not self.ledger.done(data.draw(st.sampled_from(self.finished)))

    @rule(accepted=st.booleans())
    def commit(self, accepted: bool) -> None:
        """The commit timer fires; Kafka accepts or refuses."""
        offset = self.ledger.committable(P)
        if offset is None:
            return
        assert self.kafka is None or offset > self.kafka, "never backwards, never twice"
        assert set(range(offset)) <= self.done, "commit means done"
        if accepted:
            self.kafka = offset
            self.ledger.committed(P, offset)
            assert self.ledger.committable(P) is None
        else:
            assert self.ledger.committable(P) == offset, "a failed commit moves nothing"

    @rule(revoked=st.booleans())
    def seek(self, revoked: bool) -> None:
        """A rebalance, or a seek within one: reading begins again at the committed offset."""
        before = self.ledger.epoch
        if revoked:
            self.ledger.forget([P])
            assert self.ledger.committable(P) is None
        self.ledger.sought({P: self.kafka})
        assert self.ledger.epoch > before
        self.position = self.kafka or 0

    @invariant()
    def the_done_offset_is_done(self) -> None:
        """What a view is rebuilt from has been done."""
        assert set(range(self.ledger.done_offset(P) or 0)) <= self.done

    @invariant()
    def busy_means_in_hand(self) -> None:
        """A rebalance waits for nothing that nobody works on."""
        assert not self.ledger.busy() or self.in_hand


TestLedgerModel = LedgerModel.TestCase
TestLedgerModel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_a_lost_batch_is_found_out() -> None:
    """Taking a batch behind one that was never delivered is a fault, not a commit past it."""
    ledger = OffsetLedger()
    ledger.sought({P: 10})
    ledger.fetched(P, 10, 20)
    later = ledger.fetched(P, 20, 30)
    with pytest.raises(SystemFault, match="before offset 20 is lost"):
        ledger.take(later)
    assert ledger.committable(P) is None


def test_a_batch_of_an_earlier_assignment_is_void() -> None:
    """What was fetched before a rebalance is neither processed nor committed after it."""
    ledger = OffsetLedger()
    ledger.sought({P: 10})
    queued, in_hand = ledger.fetched(P, 10, 20), ledger.fetched(SIBLING, 0, 5)
    assert ledger.take(in_hand)
    ledger.forget([P, SIBLING])
    ledger.sought({P: 10, SIBLING: None})
    assert not ledger.take(queued)
    assert not ledger.done(in_hand)
    assert not ledger.busy()
    assert ledger.committable(P) is ledger.committable(SIBLING) is None


def test_a_log_that_begins_again_may_commit_lower_offsets() -> None:
    """A recreated topic is recognised by an offset below the position, and its own offsets are committed."""
    ledger = OffsetLedger()
    ledger.sought({P: 500})
    stale = ledger.fetched(P, 500, 600)
    fresh = ledger.fetched(P, 0, 7)
    assert fresh.restarted
    assert not ledger.take(stale)
    assert ledger.take(fresh)
    assert ledger.done(fresh)
    assert ledger.committable(P) == 7


def test_partitions_do_not_touch_each_other() -> None:
    """A batch in hand blocks its own partition only."""
    ledger = OffsetLedger()
    ledger.sought({P: None, SIBLING: None})
    blocked, free = ledger.fetched(P, 0, 5), ledger.fetched(SIBLING, 0, 5)
    assert ledger.take(blocked)
    assert ledger.take(free)
    assert ledger.done(free)
    assert ledger.committable(SIBLING) == 5
    assert ledger.committable(P) is None
    assert (ledger.reached(P, 9), ledger.reached(SIBLING, 5)) == (0, 5)
