"""Publishes a scenario to Kafka, at full speed or at a chosen one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event

import structlog

from producers.encoded_publisher import EncodedPublisher
from producers.simulator.haiphong2020 import Haiphong2020, SimulatedBatch

_log = structlog.get_logger(__name__)

_RUN_RECORDS = 2000
_RUN_SECONDS = 0.1
"""At a chosen speed, records that are due within this wall time are sent together."""


@dataclass(frozen=True, slots=True)
class PlayProgress:
    """How much of the scenario has been sent.

    Attributes:
        sent: Records handed to the publisher.
        total: Records of the whole scenario.
        simulated_at: Arrival time of the last record sent, in simulated epoch milliseconds.
    """

    sent: int
    total: int
    simulated_at: int


def play(
    scenario: Haiphong2020,
    publisher: EncodedPublisher,
    *,
    speed: float | None = None,
    progress: Callable[[PlayProgress], None] | None = None,
    stop: Event | None = None,
) -> int:
    """Send every record of a scenario in order of arrival.

    A record counts as sent once the publisher took it; the caller flushes and closes the publisher.

    Args:
        scenario: What to send.
        publisher: Where to send it.
        speed: Simulated seconds per second; None for as fast as the publisher takes records.
        progress: Called after each run of records sent, at least once a batch.
        stop: When set, the play ends after the current run of records.

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
        for first, end in _runs(batch, speed):
            if speed is not None:
                due = started + (batch.arrival_at[first] - origin) / 1000 / speed
                stop.wait(max(0.0, due - time.monotonic()))
            if stop.is_set():
                _log.info("play stopped", sent=sent, records=total)
                return sent
            for row in range(first, end):
                publisher.publish_encoded(batch.topics[row], batch.keys[row], batch.values[row])
            sent += end - first
            if progress is not None:
                progress(PlayProgress(sent, total, batch.arrival_at[end - 1]))
    _log.info("play finished", sent=sent)
    return sent


def _runs(batch: SimulatedBatch, speed: float | None) -> Iterator[tuple[int, int]]:
    """Runs of rows that are sent without a pause: first row and end row."""
    if speed is None:
        yield from ((first, min(first + _RUN_RECORDS, len(batch))) for first in range(0, len(batch), _RUN_RECORDS))
        return
    span, first = speed * _RUN_SECONDS * 1000, 0
    for row in range(1, len(batch) + 1):
        if row == len(batch) or batch.arrival_at[row] - batch.arrival_at[first] >= span:
            yield first, row
            first = row
