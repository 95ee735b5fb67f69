"""What the driver does otherwise than Faust's, without a broker."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from aiokafka.consumer.subscription_state import TopicPartitionState
from faust.types import TP

from processors.transport.driver import BatchConsumer


def test_a_partition_without_a_position_does_not_crash_the_worker() -> None:
    """Just after a rebalance aiokafka knows no position; Faust looks for partitions that stand still all the same."""
    asked: list[TP] = []

    def verify(_now: float, tp: TP) -> Any:
        asked.append(tp)
        return TopicPartitionState(assignment=None).position

    async def check() -> None:
        consumer: Any = object.__new__(BatchConsumer)
        consumer._thread = SimpleNamespace(verify_event_path=verify)
        consumer.verify_event_path(0.0, TP("rating", 0))

    asyncio.run(check())
    assert asked == [TP("rating", 0)]
