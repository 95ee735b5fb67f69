"""Pauses between attempts: each twice as long as the one before, up to a limit."""

from __future__ import annotations


class RetryPauses:
    """Gives the pauses of one series of attempts.

    Args:
        initial_s: The first pause, seconds.
        max_s: The longest pause, seconds.
    """

    def __init__(self, initial_s: float, max_s: float) -> None:
        self._initial_s = initial_s
        self._max_s = max_s
        self._next_s = initial_s

    def next_pause(self) -> float:
        """The next pause, seconds."""
        pause = self._next_s
        self._next_s = min(2 * pause, self._max_s)
        return pause

    def reset(self) -> None:
        """Start again with the first pause, after an attempt that succeeded."""
        self._next_s = self._initial_s
