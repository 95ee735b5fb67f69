"""Keeps a library from saying the same thing hundreds of times a second while its server is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable


class SayOnce(logging.Filter):
    """Lets each message of a logger pass once in a while, told apart by their text without the values in it.

    Args:
        pause_s: How long the same message is held back.
        clock: Seconds, monotonic.
    """

    def __init__(self, pause_s: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._pause_s = pause_s
        self._clock = clock
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record may pass."""
        now, text = self._clock(), str(record.msg)
        if now - self._said.get(text, -self._pause_s) < self._pause_s:
            return False
        self._said[text] = now
        return True


def say_once(library: str) -> None:
    """Put the filter on every logger that a library has by now."""
    mine = [name for name in logging.root.manager.loggerDict if name == library or name.startswith(f"{library}.")]
    for name in mine:
        logging.getLogger(name).addFilter(SayOnce())
