"""When the wall clock may move the stream time of a partition."""

from __future__ import annotations

from processors.worker.idle_partitions import IdlePartitions


def test_time_advances_only_after_a_long_idle_time() -> None:
    """The count starts at the first idle look, restarts with a batch, lag or rebalance; 0 means never."""
    idle, never = IdlePartitions(5.0), IdlePartitions(0)
    assert not idle.may_advance(0, 100.0, caught_up=True)
    assert idle.may_advance(0, 105.0, caught_up=True)
    assert not idle.may_advance(0, 106.0, caught_up=False)
    assert not idle.may_advance(0, 107.0, caught_up=True)
    idle.mark_busy(0)
    assert not idle.may_advance(0, 112.0, caught_up=True)
    idle.reset()
    assert not idle.may_advance(0, 117.0, caught_up=True)
    assert not never.may_advance(0, 0.0, caught_up=True)
    assert not never.may_advance(0, 9e9, caught_up=True)
