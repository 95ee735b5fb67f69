"""Five-minute panes of event time, in which all opinions are counted."""

from __future__ import annotations

PANE_MS = 300_000

HOUR_MS = 3_600_000
WINDOWS_MS = (PANE_MS, HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS, 30 * 24 * HOUR_MS)
"""Rolling windows, each a whole number of panes: the pane itself, 1 hour, 24 hours, 7 days, 30 days."""


def pane_of(instant: int) -> int:
    """Start of the pane that holds an instant (epoch milliseconds)."""
    return instant - instant % PANE_MS
