"""What a library repeats is said once in a while."""

from __future__ import annotations

import logging

from processors.worker.tuning.log_throttle import SayOnce


def record(text: str, *values: object) -> logging.LogRecord:
    """A record of some library."""
    return logging.LogRecord("aiokafka.conn", logging.ERROR, "conn.py", 1, text, values, None)


def test_the_same_message_passes_once_in_its_pause() -> None:
    """Repetitions are held back whatever values they hold; another message, or the same one later, passes."""
    now = 0.0
    once = SayOnce(10.0, lambda: now)
    assert [once.filter(record("no %s", port)) for port in (1, 2, 3)] == [True, False, False]
    assert once.filter(record("other"))
    now = 10.0
    assert once.filter(record("no %s", 4))
