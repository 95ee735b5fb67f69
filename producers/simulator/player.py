"""Playing a scenario into Kafka, as fast as it goes or at a chosen pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event

import structlog

from producers.encoded_publisher import EncodedPublisher
from producers.simulator.haiphong2020 import Haiphong2020, SimulatedBatch

_log = structlog.get_logger(__name__)

_SLICE_SECONDS = 0.1
"""At a chosen pace, records that fall into one such stretch of wall time are sent together."""


@dataclass(frozen=True, slots=True)
class PlayProgress:
    """How far the play has come.

    Attributes:
        sent: Records handed to the publisher.
        total: Records of the whole scenario.
        simulated_at: Arrival of the last one in simulated time, epoch milliseconds.
    """

    sent: int
    total: int
    simulated_at: int


def run(
    scenario: Haiphong2020,
    publisher: EncodedPublisher,
    *,
    speed: float | None = None,
    progress: Callable[[PlayProgress], None] | None = None,
    stop: Event | None = None,
) -> int:
    """Send every record of a scenario in order of arrival.

    The caller flushes and closes the publisher: a record counts as sent here once the publisher took it.

    Args:
        scenario: What to play.
        publisher: Where to.
        speed: Simulated seconds per second; None for as fast as the publisher takes records.
        progress: Called after each run of records sent, at least once a batch.
        stop: When set, the play ends after the run of records being sent.

    Returns:
        Number of records sent; fewer than `len(scenario)` only when stopped.

    Raises:
        ValueError: The speed is not positive.
    """
    if speed is not None and speed <= 0:
        raise ValueError("speed must be greater than 0")
    stop = stop or Event()
    total, sent = len(scenario), 0
    started, origin = time.monotonic(), None
    _log.info("play started", records=total, seed=scenario.seed, scale=scenario.scale, speed=speed)
    for batch in scenario.batches():
        origin = batch.arrival_at[0] if origin is None else origin
        for first, last in _runs(batch, speed):
            if speed is not None:
                due = started + (batch.arrival_at[first] - origin) / 1000 / speed
                stop.wait(max(0.0, due - time.monotonic()))
            if stop.is_set():
                _log.info("play stopped", sent=sent, records=total)
                return sent
            for row in range(first, last):
                publisher.publish_encoded(batch.topics[row], batch.keys[row], batch.values[row])
            sent += last - first
            if progress is not None:
                progress(PlayProgress(sent, total, batch.arrival_at[last - 1]))
    _log.info("play finished", sent=sent)
    return sent


def _runs(batch: SimulatedBatch, speed: float | None) -> Iterator[tuple[int, int]]:
    """Rows of a batch that are sent without waiting in between: first row and end row."""
    if speed is None:
        yield from ((first, min(first + 2000, len(batch))) for first in range(0, len(batch), 2000))
        return
    span = speed * _SLICE_SECONDS * 1000
    first = 0
    for row in range(1, len(batch) + 1):
        if row == len(batch) or batch.arrival_at[row] - batch.arrival_at[first] >= span:
            yield first, row
            first = row
