"""When a partition has been idle for long enough that the wall clock may move its stream time."""

from __future__ import annotations


class IdlePartitions:
    """Remembers since when each partition has been idle: everything read, no batch in progress.

    The first look at an idle partition only starts the count: records that were on their way from the broker at that
    moment have arrived by the time the count is over, after `after_s` (0: never).
    """

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._since: dict[int, float] = {}

    def mark_busy(self, partition: int) -> None:
        """A batch came: its count starts again."""
        self._since.pop(partition, None)

    def reset(self) -> None:
        """A rebalance came: all counts start again, whoever owned the partitions before."""
        self._since.clear()

    def may_advance(self, partition: int, now: float, *, caught_up: bool) -> bool:
        """Note whether a partition is caught up at `now`, in monotonic seconds; return whether its time may advance."""
        if not caught_up:
            self._since.pop(partition, None)
            return False
        since = self._since.setdefault(partition, now)
        return self._after_s > 0 and now - since >= self._after_s
