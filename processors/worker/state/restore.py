"""Rebuilding a view: reading what was done before, and keeping quiet about it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from processors.domain.snapshot_arrays import UnsoundSnapshot
from processors.stages.stage import ImagedStage, Stage
from processors.transport.fetched_batch import batch_of
from processors.transport.log_reader import read_log
from processors.worker import metrics
from processors.worker.state.partition_views import View
from processors.worker.state.snapshot_store import Snapshot, SnapshotStore
from processors.worker.tuning.malloc_trim import give_back
from schemas.errors import HailongError
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic

_log = structlog.get_logger(__name__)


class RebuildInterrupted(HailongError):
    """A rebalance or a shutdown came; the partition may no longer be ours."""


class Rebuilder:
    """Builds the view of a partition from its newest snapshot and the log after it, or from the log alone.

    Args:
        connection: The cluster.
        stage: The stage.
        interrupted: Set when the work should stop.
        snapshots: Where snapshots are; None for a stage or a worker without.
        progressed: Is told that records were read, from the thread that rebuilds.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        stage: Stage,
        interrupted: threading.Event,
        snapshots: SnapshotStore | None = None,
        progressed: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        self._stage = stage
        self._interrupted = interrupted
        self._snapshots = snapshots
        self._progressed = progressed

    def rebuild(self, partition: int, bounds: Mapping[Topic, int], *, from_log: bool = False) -> View:
        """A view that has absorbed every record below the bounds, and nothing else.

        The bounds are the offsets below which everything is done, that is, all outputs are acknowledged; so outputs are
        discarded here. A record at or above its bound must not be absorbed: it would look like a duplicate when it
        comes, and its output would be lost.

        Args:
            partition: Partition number, the same in all inputs.
            bounds: For each input the offset to stop before; a topic without one is not read.
            from_log: No snapshot may be used: it would be of another log.

        Raises:
            RebuildInterrupted: It was told to stop.
            Unavailable: Kafka did not send what it has.
            SystemFault: The log is damaged.
        """
        started = time.monotonic()
        snapshot = None if from_log or self._snapshots is None else self._snapshots.load(partition, bounds)
        view = self._begin(partition, snapshot)
        known = view.records
        for topic in self._stage.inputs:
            self._replay(view, topic, partition, bounds.get(topic, 0))
        view.next = {**dict.fromkeys(self._stage.inputs, 0), **bounds}
        give_back()
        seconds, count = time.monotonic() - started, view.records - known
        metrics.REBUILDS.labels(self._stage.name).inc()
        metrics.REBUILD_RECORDS.labels(self._stage.name).inc(count)
        metrics.REBUILD_SECONDS.labels(self._stage.name).observe(seconds)
        _log.info(
            "view_rebuilt",
            stage=self._stage.name,
            partition=partition,
            from_snapshot=known,
            from_log=count,
            seconds=round(seconds, 3),
        )
        return view

    def _begin(self, partition: int, snapshot: Snapshot | None) -> View:
        if snapshot is None or not isinstance(self._stage, ImagedStage):
            return View(self._stage.new_state(partition))
        try:
            state = self._stage.restored_state(partition, snapshot.image)
        except UnsoundSnapshot:
            metrics.SNAPSHOTS_IGNORED.labels(self._stage.name, "unsound").inc()
            _log.warning("snapshot_ignored", stage=self._stage.name, partition=partition, reason="unsound")
            return View(self._stage.new_state(partition))
        return View(state, dict(snapshot.next), snapshot.records, snapshot.records)

    def _replay(self, view: View, topic: Topic, partition: int, bound: int) -> None:
        name = topic.value.name(self._connection.topic_prefix)
        for records in read_log(self._connection, name, partition, view.next.get(topic, 0), bound):
            if self._interrupted.is_set():
                raise RebuildInterrupted(f"rebuild of {self._stage.name} interrupted")
            batch = None if records is None else batch_of(topic, partition, records, bound)
            if batch:  # all of a piece may lie beyond the bound
                view.replay(batch)
                self._progressed()
