"""Playing a scenario: everything is sent, the pace is kept, a stop is obeyed."""

from threading import Event

import pytest

from producers.simulator import Haiphong2020, PlayProgress, run
from schemas.topics import Topic


class Collector:
    """A publisher that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[tuple[Topic, bytes, bytes]] = []

    def publish_encoded(self, topic: Topic, key: bytes, value: bytes, timestamp_ms: int | None = None) -> None:
        """Keep a record; the player leaves its Kafka timestamp to the publisher."""
        assert timestamp_ms is None
        self.records.append((topic, key, value))

    def flush(self) -> None:
        """All records are here already."""


def test_everything_is_sent_in_order_with_progress(small: Haiphong2020) -> None:
    """The publisher gets every record of every batch; progress ends at the total."""
    collector, seen = Collector(), list[PlayProgress]()
    sent = run(small, collector, progress=seen.append)
    wanted = [row for batch in small.batches() for row in zip(batch.topics, batch.keys, batch.values, strict=True)]
    assert collector.records == wanted
    assert sent == len(small) == seen[-1].sent == seen[-1].total


def test_a_stop_ends_the_play_early(small: Haiphong2020) -> None:
    """After the stop is set, nothing more is sent and the count says how much was."""
    collector, stop = Collector(), Event()
    sent = run(small, collector, progress=lambda _p: stop.set(), stop=stop)
    assert 0 < sent == len(collector.records) < len(small)


def test_pace_stretches_the_play(small: Haiphong2020) -> None:
    """At a high speed all 57 days pass in their proportion of wall time."""
    import time  # noqa: PLC0415 - the one test that measures

    started = time.monotonic()
    assert run(small, Collector(), speed=57 * 86_400 / 1.0) == len(small)
    assert time.monotonic() - started >= 0.9


def test_a_speed_must_be_positive(small: Haiphong2020) -> None:
    """A speed of 0 would never end."""
    with pytest.raises(ValueError, match="speed"):
        run(small, Collector(), speed=0)
