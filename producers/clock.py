"""The clock of this machine."""

from __future__ import annotations

import time


def wall_clock() -> int:
    """The time now: epoch milliseconds, UTC."""
    return time.time_ns() // 1_000_000
