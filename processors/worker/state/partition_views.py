"""The views of one stage: one state for each partition number this worker owns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import structlog

from processors.stages.stage import Absorbed, ForgettingState, Output, PartitionState, ReplayedState, RestorableState
from processors.worker.state.snapshot_store import Snapshot
from schemas.batches.batch import Batch
from schemas.topics import Topic

_RESTORED_AT_ONCE = 2
"""Views restored in parallel. Kernels run outside of Python's lock; half of a restore is network and unpacking."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class View:
    """A state and how much it has absorbed.

    Attributes:
        state: The state.
        next_offsets: For each input the offset after the last record absorbed; 0 where none was.
        records: Number of records absorbed.
        snapshot_records: How many of them its last snapshot contains.
    """

    state: PartitionState
    next_offsets: dict[Topic, int] = field(default_factory=dict)
    records: int = 0
    snapshot_records: int = 0

    def absorb(self, batch: Batch) -> Absorbed:
        """Update the state with a batch; return the outputs."""
        # A packed batch may turn out empty: its records can lie before the offset that was asked for.
        absorbed = self.state.absorb(batch) if len(batch) else Absorbed((), ())
        self._count(batch)
        return absorbed

    def replay(self, batch: Batch) -> None:
        """Update the state with a batch whose outputs are already in Kafka."""
        if not isinstance(self.state, ReplayedState):
            self.absorb(batch)
            return
        if len(batch):
            self.state.replay(batch)
        self._count(batch)

    def _count(self, batch: Batch) -> None:
        self.next_offsets[batch.topic] = max(self.next_offsets.get(batch.topic, 0), batch.end)
        self.records += len(batch)

    def take_snapshot(self, partition: int) -> Snapshot:
        """The view as it is now; only for stages with snapshots."""
        assert isinstance(self.state, RestorableState)  # only such stages are given a snapshot store
        return Snapshot(partition, dict(self.next_offsets), self.records, self.state.snapshot())


class RestoresViews(Protocol):
    """Supplies missing views, see `processors.worker.state.restore`."""

    def restore(self, partition: int, done_offsets: Mapping[Topic, int], *, from_log: bool = False) -> View:
        """A view that has absorbed all records below the offsets; with `from_log` no snapshot is used. Thread-safe."""


class PartitionViews:
    """Views by partition; used by one thread at a time."""

    def __init__(self, stage: str, restorer: RestoresViews) -> None:
        self._stage = stage
        self._restorer = restorer
        self._views: dict[int, View] = {}

    def get_or_restore(
        self,
        partition: int,
        done_offsets: Mapping[Topic, int],
        others: Mapping[int, Mapping[Topic, int]] = MappingProxyType({}),
    ) -> View:
        """The view of a partition; if it is missing, it is restored up to its done offsets.

        A worker that takes over one partition usually takes over several, and most of the work runs outside of
        Python's lock. So the next missing view among the others is restored at the same time.
        """
        if partition not in self._views:
            missing = [other for other in others if other != partition and other not in self._views]
            wanted = {partition: done_offsets, **{other: others[other] for other in missing[: _RESTORED_AT_ONCE - 1]}}
            with ThreadPoolExecutor(len(wanted), thread_name_prefix=f"rebuild-{self._stage}") as pool:
                restored = list(pool.map(self._restorer.restore, wanted.keys(), wanted.values()))
            self._views.update(zip(wanted, restored, strict=True))  # if one of them failed, none is kept
        return self._views[partition]

    def restore_from_log(self, partition: int, done_offsets: Mapping[Topic, int]) -> View:
        """Replace a view by one restored from the log alone: the old one, and its snapshots, belong to another log."""
        self._views.pop(partition, None)
        view = self._views[partition] = self._restorer.restore(partition, done_offsets, from_log=True)
        return view

    def by_partition(self) -> Mapping[int, View]:
        """The views held now."""
        return self._views

    def advance(self, partition: int, now: int) -> Sequence[Output]:
        """Move the stream time of a partition to `now` (epoch milliseconds); no outputs where there is no view."""
        view = self._views.get(partition)
        return () if view is None else view.state.advance(now)

    def forget(self, partition: int, log_starts: Mapping[Topic, int]) -> None:
        """Let the view of a partition forget records below these offsets, which the log does not hold any more."""
        view = self._views.get(partition)
        if view is not None and isinstance(view.state, ForgettingState) and view.state.forget(log_starts):
            starts = {topic.subject: offset for topic, offset in log_starts.items()}
            _log.info("view_forgot", stage=self._stage, partition=partition, log_starts=starts)

    def drop_outdated(self, committed: Mapping[tuple[Topic, int], int | None]) -> None:
        """Drop the views that may not be kept after a rebalance.

        A view is dropped when its partition was revoked, and when the group committed more than the view has absorbed:
        another worker owned the partition in between, and its records are missing here. The committed offsets are those
        of all input partitions that are ours.
        """
        owned = {partition for _topic, partition in committed}
        behind = {
            partition
            for (topic, partition), offset in committed.items()
            if (view := self._views.get(partition)) is not None and (offset or 0) > view.next_offsets.get(topic, 0)
        }
        dropped = [partition for partition in self._views if partition not in owned or partition in behind]
        for partition in dropped:
            del self._views[partition]
        if dropped:
            _log.info("views_dropped", stage=self._stage, partitions=dropped)
