"""How the lag of a stage is measured."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from faust.types import TP
from prometheus_client import REGISTRY

from processors.transport.offset_tracker import OffsetTracker
from processors.worker.lag import LagMeter
from schemas.topics import Topic

RATING = TP("rating", 0)
STATUS = TP("status", 0)


@dataclass
class ScriptedConsumer:
    """A consumer with given positions and end offsets."""

    offsets: Mapping[TP, tuple[int, int]]
    tracker: OffsetTracker = field(default_factory=OffsetTracker)

    async def positions_and_ends(self, _tps: Sequence[TP]) -> Mapping[TP, tuple[int, int]]:
        """Position and end offset by partition."""
        return self.offsets


def meter(stage: str) -> LagMeter:
    """A meter of a stage with two inputs."""
    return LagMeter(stage, {RATING.topic: Topic.RATING, STATUS.topic: Topic.DECLARATION_STATUS})


def metric(stage: str, topic: Topic) -> float | None:
    """The lag of partition 0 as Prometheus sees it; None if it is not reported."""
    labels = {"stage": stage, "topic": topic.subject, "partition": "0"}
    return REGISTRY.get_sample_value("hailong_worker_lag_records", labels)


def test_a_fetched_batch_counts_as_lag_until_it_is_done() -> None:
    """Lag counts from the first offset that is not done, though it is fetched; then the partition is caught up."""
    consumer: Any = ScriptedConsumer({RATING: (10, 12), STATUS: (7, 7)})
    lag = meter("lag-of-a-batch")
    consumer.tracker.restart_at({RATING: 4, STATUS: 7})
    batch = consumer.tracker.add_fetched(RATING, 4, 10)
    assert asyncio.run(lag.measure(consumer, frozenset({0}))) == frozenset()
    assert lag.lag == {"rating[0]": 8, "status[0]": 0}
    consumer.tracker.start(batch)
    consumer.tracker.mark_done(batch)
    consumer.offsets = {RATING: (12, 12), STATUS: (7, 7)}
    assert asyncio.run(lag.measure(consumer, frozenset({0}))) == {0}


def test_a_partition_that_left_is_no_longer_reported() -> None:
    """The metric of a partition disappears when another worker owns it, and a missing answer is not caught up."""
    consumer: Any = ScriptedConsumer({RATING: (3, 9), STATUS: (7, 7)})
    lag = meter("lag-of-a-leaver")
    asyncio.run(lag.measure(consumer, frozenset({0})))
    assert metric("lag-of-a-leaver", Topic.RATING) == 6
    consumer.offsets = {STATUS: (7, 7)}
    assert asyncio.run(lag.measure(consumer, frozenset({0}))) == frozenset()
    assert metric("lag-of-a-leaver", Topic.RATING) is None
    assert metric("lag-of-a-leaver", Topic.DECLARATION_STATUS) == 0
