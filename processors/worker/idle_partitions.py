"""When a partition has been quiet for long enough that the wall clock may move its stream time."""

from __future__ import annotations


class Idleness:
    """Remembers since when each partition was seen quiet: everything read, nothing in hand.

    The first look only starts the count: what was in flight between broker and ledger at that moment has arrived by
    the time the count is over.

    Args:
        after_s: How long it must last; 0 for never.
    """

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._since: dict[int, float] = {}

    def touched(self, partition: int) -> None:
        """A batch came."""
        self._since.pop(partition, None)

    def restart(self) -> None:
        """After a rebalance the count begins again, whoever owned them before."""
        self._since.clear()

    def may_advance(self, partition: int, now: float, *, caught_up: bool) -> bool:
        """Note a look at a partition; whether its stream time may follow the wall clock.

        Args:
            partition: The partition.
            now: Monotonic seconds.
            caught_up: Whether everything is read and done.
        """
        if not caught_up:
            self._since.pop(partition, None)
            return False
        since = self._since.setdefault(partition, now)
        return self._after_s > 0 and now - since >= self._after_s
