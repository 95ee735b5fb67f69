"""When snapshots are taken."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from processors.domain.snapshot_arrays import StateSnapshot
from processors.stages.stage import Absorbed, Output
from processors.worker.state.partition_views import View
from processors.worker.state.snapshot_scheduler import SnapshotScheduler
from processors.worker.state.snapshot_store import Snapshot, SnapshotStore
from schemas.batches.batch import Batch, RawBatch
from schemas.topics import Topic

A = Topic.DECLARATION_STATUS


class EmptyState:
    def absorb(self, batch: Batch) -> Absorbed:
        """Take a batch."""
        return Absorbed()

    def advance(self, now: int) -> Sequence[Output]:
        """Let time pass."""
        return ()

    def snapshot(self) -> StateSnapshot:
        """No numbers."""
        return {"numbers": np.array([], np.int64)}


@dataclass
class RecordingStore(SnapshotStore):
    """Keeps what was saved, as (partition, records)."""

    saved: list[tuple[int, int]] = field(default_factory=list)

    def save(self, snapshot: Snapshot) -> None:
        """Note the snapshot."""
        self.saved.append((snapshot.partition, snapshot.records))


def view(records: int) -> View:
    """A view that absorbed this many records."""
    made = View(EmptyState())
    grow(made, records)
    return made


def grow(known: View, records: int) -> None:
    """Let a view absorb this many more records."""
    first, nothing = known.next_offsets.get(A, 0), [None] * records
    known.absorb(RawBatch(A, 0, range(first, first + records), [0] * records, nothing, nothing))


def finish(scheduler: SnapshotScheduler) -> None:
    """Wait for the snapshot that is being written."""
    with suppress(AttributeError):
        scheduler._writing.result()  # type: ignore[union-attr]  # None when nothing is being written


def test_a_snapshot_is_due_after_enough_new_records() -> None:
    """A snapshot needs 1,000 records, then 1/50 more than the last one, and at least the interval between two."""
    store = RecordingStore()
    scheduler = SnapshotScheduler("numbers", store, interval_s=60)
    few, many = view(999), view(100_000)
    scheduler.start_most_overdue({0: few, 1: many}, now=0.0)
    finish(scheduler)
    assert (few.snapshot_records, many.snapshot_records) == (0, 100_000)
    grow(many, 2000)
    scheduler.start_most_overdue({1: many}, now=59.0)
    finish(scheduler)
    assert many.snapshot_records == 100_000
    scheduler.start_most_overdue({1: many}, now=60.0)
    finish(scheduler)
    assert many.snapshot_records == 102_000
    scheduler.start_most_overdue({1: many}, now=500.0)
    finish(scheduler)
    assert store.saved == [(1, 100_000), (1, 102_000)]
    scheduler.close()


def test_a_view_of_an_unknown_log_is_not_saved() -> None:
    """After `disable`, as when the offsets of a log restarted, nothing is saved any more."""
    store = RecordingStore()
    scheduler = SnapshotScheduler("numbers", store, interval_s=60)
    scheduler.disable()
    scheduler.start_most_overdue({0: view(5000)}, now=0.0)
    finish(scheduler)
    assert store.saved == []
    scheduler.close()
