"""Rates, time left and standstill, from lags at given moments."""

from __future__ import annotations

from schemas.kafka.group_lag import Lag
from sinks.audit.pace import Pace, clock

PARTITION = ("rating", 0)


def lag(written: int, behind: int) -> Lag:
    """A lag in one partition."""
    return Lag(written, {PARTITION: behind} if behind else {})


def test_the_line_says_what_is_left_how_fast_and_how_long() -> None:
    """The slowest group decides how long it takes; a group without lag is not mentioned."""
    pace = Pace()
    pace.note({"join": lag(1000, 1000), "sink": lag(2000, 600), "spikes": lag(5, 0)}, now=0.0)
    pace.note({"join": lag(1000, 500), "sink": lag(2000, 500), "spikes": lag(5, 0)}, now=10.0)
    assert pace.line() == "1,000 records left: join 500 (50/s), sink 500 (10/s); about 0:50 left"


def test_rates_are_those_of_late() -> None:
    """What a group read long ago says nothing about how long the rest takes."""
    pace = Pace()
    for now, behind in ((0.0, 10_000), (10.0, 1000), (20.0, 900), (50.0, 600)):
        pace.note({"join": lag(20_000, behind)}, now)
    assert pace.line() == "600 records left: join 600 (10/s); about 1:00 left"


def test_without_progress_no_time_is_promised() -> None:
    """A group that reads nothing has no end; for how long, is known."""
    pace = Pace()
    pace.note({"join": lag(10, 10), "sink": lag(10, 10)}, now=0.0)
    pace.note({"join": lag(20, 20), "sink": lag(20, 15)}, now=60.0)  # more came; the join read none of it
    assert pace.line() == "35 records left: join 20 (0/s), sink 15 (0/s)"
    assert pace.still_for("join", now=60.0) == 60.0
    assert pace.still_for("sink", now=60.0) == 0.0
    pace.note({"join": lag(20, 0)}, now=70.0)
    assert pace.still_for("join", now=99.0) == 0.0


def test_durations_are_readable() -> None:
    """Minutes and seconds, and hours only where there are any."""
    assert [clock(seconds) for seconds in (0, 9.6, 61, 3600, 36_061)] == ["0:00", "0:10", "1:01", "1:00:00", "10:01:01"]
