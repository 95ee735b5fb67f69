"""Restoring a view: load its newest snapshot, then replay the log after it, without publishing any output.

Steps: snapshot (or an empty state) → records of each input from the snapshot's offset up to the done offset → live.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from processors.domain.snapshot_arrays import UnsoundSnapshot
from processors.stages.stage import RestorableStage, SpillingState, Stage
from processors.transport.fetched_batch import to_batch
from processors.transport.log_reader import read_log
from processors.worker import metrics
from processors.worker.state.array_files import release_pages
from processors.worker.state.partition_views import View
from processors.worker.state.snapshot_store import Snapshot, SnapshotStore
from processors.worker.tuning.malloc_trim import Trimmer, trim_free_memory
from schemas.errors import HailongError
from schemas.kafka.connection import KafkaConnection
from schemas.topics import Topic

_log = structlog.get_logger(__name__)


class RestoreInterrupted(HailongError):
    """A rebalance or a shutdown came; the partition may no longer be ours."""


class ViewRestorer:
    """Restores the view of a partition from its newest snapshot and the log after it, or from the log alone.

    Setting `interrupted` stops it; `on_progress` is called after each piece of the log, from the thread that restores.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        stage: Stage,
        interrupted: threading.Event,
        snapshots: SnapshotStore | None = None,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        self._stage = stage
        self._interrupted = interrupted
        self._snapshots = snapshots
        self._on_progress = on_progress

    def restore(self, partition: int, done_offsets: Mapping[Topic, int], *, from_log: bool = False) -> View:
        """A view that has absorbed every record below the done offsets, and no other.

        Below these offsets all outputs are acknowledged, so the outputs of the replay are discarded. A record at or
        above its offset must not be absorbed: it would later look like a duplicate, and its output would be lost.

        An input without a done offset is not read. With `from_log` no snapshot is used: it would belong to another log.

        Raises:
            RestoreInterrupted: `interrupted` was set.
            Unavailable: Kafka did not send the records.
            SystemFault: The log is damaged.
        """
        started = time.monotonic()
        snapshot = None if from_log or self._snapshots is None else self._snapshots.load(partition, done_offsets)
        view = self._initial_view(partition, snapshot)
        if self._snapshots is not None and isinstance(view.state, SpillingState):
            view.state.keep_arrays_with(self._snapshots.keeper(partition))
        for array in () if snapshot is None else snapshot.arrays.values():
            release_pages(array)  # they were read to be checked
        from_snapshot = view.records
        for topic in self._stage.inputs:
            self._replay(view, topic, partition, done_offsets.get(topic, 0))
        view.next_offsets = {**dict.fromkeys(self._stage.inputs, 0), **done_offsets}
        trim_free_memory()
        seconds, replayed = time.monotonic() - started, view.records - from_snapshot
        metrics.REBUILDS.labels(self._stage.name).inc()
        metrics.REBUILD_RECORDS.labels(self._stage.name).inc(replayed)
        metrics.REBUILD_SECONDS.labels(self._stage.name).observe(seconds)
        _log.info(
            "view_rebuilt",
            stage=self._stage.name,
            partition=partition,
            from_snapshot=from_snapshot,
            from_log=replayed,
            seconds=round(seconds, 3),
        )
        return view

    def _initial_view(self, partition: int, snapshot: Snapshot | None) -> View:
        if snapshot is not None and isinstance(self._stage, RestorableStage):
            try:
                state = self._stage.restored_state(partition, snapshot.arrays)
                return View(state, dict(snapshot.next_offsets), snapshot.records, snapshot.records)
            except UnsoundSnapshot:
                # If it were used, compiled code would read outside of its arrays. The log gives the same view, later.
                metrics.SNAPSHOTS_IGNORED.labels(self._stage.name, "unsound").inc()
                _log.warning("snapshot_ignored", stage=self._stage.name, partition=partition, reason="unsound")
        return View(self._stage.new_state(partition))

    def _replay(self, view: View, topic: Topic, partition: int, end: int) -> None:
        name, trimmer = self._connection.topic_name(topic), Trimmer()
        for records in read_log(self._connection, name, partition, view.next_offsets.get(topic, 0), end):
            if self._interrupted.is_set():
                raise RestoreInterrupted(f"rebuild of {self._stage.name} interrupted")
            batch = None if records is None else to_batch(topic, partition, records, end)
            if batch:  # a piece may lie beyond the end as a whole
                view.replay(batch)
                trimmer.note_records(len(batch))
                self._on_progress()
