"""When snapshots are taken. A thread of its own writes them, so that batches go on meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from processors.worker import metrics
from processors.worker.state.partition_views import View
from processors.worker.state.snapshot_store import Snapshot, SnapshotStore

_log = structlog.get_logger(__name__)

MIN_RECORDS = 1_000
GROWTH_DIVISOR = 50
"""A snapshot is due when the view has absorbed 1/50 more records than its last snapshot contains, and at least 1,000.

So each record is written to disk about 50 times in its life (2 KB for a status), however large the view is; and a
restart replays no more than that growth, plus what came in one interval.
"""


class SnapshotScheduler:
    """Takes snapshots of the views of one stage; used by the thread that owns the views.

    `interval_s` is the shortest pause between two snapshots of one partition.
    """

    def __init__(self, stage: str, store: SnapshotStore, interval_s: float) -> None:
        self._stage = stage
        self._store = store
        self._interval_s = interval_s
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"hailong-{stage}-snapshots")
        self._writing: Future[None] | None = None
        self._taken_at: dict[int, float] = {}
        self._enabled = True

    def start_most_overdue(self, views: Mapping[int, View], now: float) -> None:
        """Start to write the snapshot that is most overdue, unless one is being written; `now` in monotonic seconds.

        Called between batches only: then the outputs of all records in a view are in Kafka.
        """
        if self._writing is not None:
            if not self._writing.done():
                return
            self._writing.result()  # raises what is not an OSError: a bug must stop the worker
            self._writing = None
        due = sorted(self._due(views, now))
        if not due or not self._enabled:
            return
        _growth, partition = due[0]
        view = views[partition]
        snapshot = view.take_snapshot(partition)
        self._taken_at[partition] = now
        view.snapshot_records = view.records
        self._writing = self._writer.submit(self._save, snapshot)

    def _due(self, views: Mapping[int, View], now: float) -> Iterator[tuple[float, int]]:
        """Partitions whose snapshot is due, each with its negative share of new records (for sorting)."""
        for partition, view in views.items():
            new = view.records - view.snapshot_records
            waited_s = now - self._taken_at.get(partition, -self._interval_s)
            if new >= max(MIN_RECORDS, view.snapshot_records // GROWTH_DIVISOR) and waited_s >= self._interval_s:
                yield -new / view.records, partition

    def _save(self, snapshot: Snapshot) -> None:
        try:
            self._store.save(snapshot)
        except OSError as error:
            # A snapshot only makes the next start quicker; a full disk must not stop the work.
            metrics.SNAPSHOT_FAILURES.labels(self._stage).inc()
            _log.warning("snapshot_failed", stage=self._stage, partition=snapshot.partition, error=error.strerror)

    def disable(self) -> None:
        """Take no more snapshots: it is no longer certain which log the views belong to."""
        self._enabled = False

    def close(self) -> None:
        """Take no more snapshots; one that is being written is finished, or stays a draft."""
        self._enabled = False
        self._writer.shutdown(wait=False, cancel_futures=True)
