"""Stops a library from logging the same message hundreds of times a second while its server is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable


class LogThrottle(logging.Filter):
    """Lets each message of a logger pass once per pause; messages are the same if their templates are."""

    def __init__(self, pause_s: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._pause_s = pause_s
        self._clock = clock
        self._passed_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record may pass."""
        now, template = self._clock(), str(record.msg)
        if now - self._passed_at.get(template, -self._pause_s) < self._pause_s:
            return False
        self._passed_at[template] = now
        return True


def throttle_logs(library: str) -> None:
    """Put the filter on every logger that a library has created so far."""
    names = [name for name in logging.root.manager.loggerDict if name == library or name.startswith(f"{library}.")]
    for name in names:
        logging.getLogger(name).addFilter(LogThrottle())
