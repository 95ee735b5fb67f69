"""The player sends everything, keeps the chosen speed, and stops when told to."""

from threading import Event

import pytest

from producers.simulator import Haiphong2020, PlayProgress, play
from schemas.topics import Topic


class Collector:
    """A publisher that keeps the records."""

    def __init__(self) -> None:
        self.records: list[tuple[Topic, bytes, bytes]] = []

    def publish_encoded(self, topic: Topic, key: bytes, value: bytes, timestamp_ms: int | None = None) -> None:
        """Keep a record; the player leaves its Kafka timestamp to the publisher."""
        assert timestamp_ms is None
        self.records.append((topic, key, value))

    def flush(self) -> None:
        """Do nothing: records are kept at once."""


def test_everything_is_sent_in_order_with_progress(small: Haiphong2020) -> None:
    """The publisher gets every record of every batch; progress ends at the total."""
    collector, seen = Collector(), list[PlayProgress]()
    sent = play(small, collector, progress=seen.append)
    wanted = [row for batch in small.batches() for row in zip(batch.topics, batch.keys, batch.values, strict=True)]
    assert collector.records == wanted
    assert sent == len(small) == seen[-1].sent == seen[-1].total


def test_a_stop_ends_the_play_early(small: Haiphong2020) -> None:
    """After a stop nothing more is sent, and the result is the number of records sent."""
    collector, stop = Collector(), Event()
    sent = play(small, collector, progress=lambda _p: stop.set(), stop=stop)
    assert 0 < sent == len(collector.records) < len(small)


def test_a_speed_sets_the_duration(small: Haiphong2020) -> None:
    """At 57 days a second, sending the scenario takes about a second."""
    import time  # noqa: PLC0415 - the one test that measures

    started = time.monotonic()
    assert play(small, Collector(), speed=57 * 86_400 / 1.0) == len(small)
    assert time.monotonic() - started >= 0.9


def test_a_speed_must_be_positive(small: Haiphong2020) -> None:
    """A speed of 0 is refused."""
    with pytest.raises(ValueError, match="speed"):
        play(small, Collector(), speed=0)
