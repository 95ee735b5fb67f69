"""When snapshots are taken, and who writes them: a thread of its own, so that batches go on meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from processors.worker import metrics
from processors.worker.state.partition_views import View
from processors.worker.state.snapshot_store import Snapshot, SnapshotStore

_log = structlog.get_logger(__name__)

LEAST_RECORDS = 1_000
SHARE = 50
"""A snapshot is due when 1/50 more records were absorbed than it knows, and at least a thousand: so each record is
written to disk about 50 times in its life, 2 KB of a status, whatever the size of the view; and what a restart must
read again is no more than that, and what came in one interval."""


class Snapshotter:
    """Takes snapshots of the views of one stage; used by the thread that owns the views.

    Args:
        stage: Name of the stage, for logs.
        store: Where they go.
        interval_s: Pause between two snapshots of one partition.
    """

    def __init__(self, stage: str, store: SnapshotStore, interval_s: float) -> None:
        self._stage = stage
        self._store = store
        self._interval_s = interval_s
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"hailong-{stage}-snapshots")
        self._writing: Future[None] | None = None
        self._taken_at: dict[int, float] = {}
        self._trusted = True

    def take_due(self, views: Mapping[int, View], now: float) -> None:
        """Begin to write the snapshot that is most overdue, unless one is being written.

        Called between batches only: then the outputs of all that a view knows are in Kafka.

        Args:
            views: Views by partition.
            now: Seconds of a monotonic clock.
        """
        if self._writing is not None:
            if not self._writing.done():
                return
            self._writing.result()  # what is no fault of the disk is one of the program, and must not pass unseen
            self._writing = None
        due = sorted(self._due(views, now))
        if not due or not self._trusted:
            return
        _share, partition = due[0]
        view = views[partition]
        snapshot = Snapshot(partition, dict(view.next), view.records, view.image())
        self._taken_at[partition] = now
        view.saved = view.records
        self._writing = self._writer.submit(self._save, snapshot)

    def _due(self, views: Mapping[int, View], now: float) -> Iterator[tuple[float, int]]:
        for partition, view in views.items():
            fresh = view.records - view.saved
            waited = now - self._taken_at.get(partition, -self._interval_s)
            if fresh >= max(LEAST_RECORDS, view.saved // SHARE) and waited >= self._interval_s:
                yield -fresh / view.records, partition

    def _save(self, snapshot: Snapshot) -> None:
        try:
            self._store.save(snapshot)
        except OSError as error:
            # A snapshot only makes the next start quicker; a full disk must not stop the work.
            metrics.SNAPSHOT_FAILURES.labels(self._stage).inc()
            _log.warning("snapshot_failed", stage=self._stage, partition=snapshot.partition, error=error.strerror)

    def distrust(self) -> None:
        """Take none any more: it is no longer known to which log the views belong."""
        self._trusted = False

    def close(self) -> None:
        """Take none any more; one that is being written is finished, or stays a draft."""
        self._trusted = False
        self._writer.shutdown(wait=False, cancel_futures=True)
