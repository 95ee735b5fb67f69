"""How many records of a stage's partitions are not done yet."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from faust.types import TP

from processors.transport.driver import BatchConsumer
from processors.worker import metrics
from schemas.topics import Topic


class LagMeter:
    """Measures the lag of one stage and sets its metric; used on the app's event loop."""

    def __init__(self, stage: str, topics: Mapping[str, Topic]) -> None:
        self.lag: Mapping[str, int] = {}
        """Records that were not done at the last measurement, by `topic[partition]`."""
        self._stage = stage
        self._topics = topics
        self._reported: AbstractSet[TP] = frozenset()

    async def measure(self, consumer: BatchConsumer, owned: frozenset[int]) -> frozenset[int]:
        """Measure our partitions; return those whose records are all read and done.

        Raises:
            KafkaError: The broker is away, or a partition was taken away meanwhile.
        """
        tps = [TP(name, partition) for name in self._topics for partition in owned]
        offsets = await consumer.positions_and_ends(tps)
        first_undone = consumer.tracker.first_undone_offset
        lags = {tp: max(0, end - first_undone(tp, position)) for tp, (position, end) in offsets.items()}
        for tp, lag in lags.items():
            metrics.LAG.labels(self._stage, self._topics[tp.topic].subject, tp.partition).set(lag)
        for tp in self._reported - lags.keys():  # another worker has it now: our last value would stay for ever
            metrics.LAG.remove(self._stage, self._topics[tp.topic].subject, str(tp.partition))
        self._reported = lags.keys()
        self.lag = {f"{tp.topic}[{tp.partition}]": lag for tp, lag in lags.items()}
        return owned - {tp.partition for tp in tps if lags.get(tp, 1)}
