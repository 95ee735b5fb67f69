"""Repeated messages of a library are held back."""

from __future__ import annotations

import logging

from processors.worker.tuning.log_throttle import LogThrottle


def record(text: str, *values: object) -> logging.LogRecord:
    """A record of some library."""
    return logging.LogRecord("aiokafka.conn", logging.ERROR, "conn.py", 1, text, values, None)


def test_the_same_message_passes_once_per_pause() -> None:
    """Repetitions are held back whatever their values; another message, or the same one after the pause, passes."""
    now = 0.0
    throttle = LogThrottle(10.0, lambda: now)
    assert [throttle.filter(record("no %s", port)) for port in (1, 2, 3)] == [True, False, False]
    assert throttle.filter(record("other"))
    now = 10.0
    assert throttle.filter(record("no %s", 4))
