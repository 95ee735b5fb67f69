"""The views of one stage: one state for each partition number this worker owns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import structlog

from processors.domain.snapshot_arrays import StateSnapshot
from processors.stages.stage import Absorbed, ImagedState, Output, PartitionState, ReplayedState
from schemas.batches.batch import Batch
from schemas.topics import Topic

_AT_ONCE = 2
"""Views that are rebuilt at once. Kernels run side by side, but a rebuild is half network and unpacking."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class View:
    """A state and what it has absorbed.

    Attributes:
        state: The state.
        next: For each input the offset after the last record absorbed; 0 where none was.
        records: How many records were absorbed for it.
        saved: How many of them its last snapshot knows.
    """

    state: PartitionState
    next: dict[Topic, int] = field(default_factory=dict)
    records: int = 0
    saved: int = 0

    def absorb(self, batch: Batch) -> Absorbed:
        """Take a batch in."""
        # Of a packed batch nothing may be left: its records can lie before the offset that was asked for.
        absorbed = self.state.absorb(batch) if len(batch) else Absorbed((), ())
        self._count(batch)
        return absorbed

    def replay(self, batch: Batch) -> None:
        """Take a batch in all of whose outputs Kafka has."""
        if not isinstance(self.state, ReplayedState):
            self.absorb(batch)
            return
        if len(batch):
            self.state.replay(batch)
        self._count(batch)

    def _count(self, batch: Batch) -> None:
        self.next[batch.topic] = max(self.next.get(batch.topic, 0), batch.end)
        self.records += len(batch)

    def image(self) -> StateSnapshot:
        """The state as arrays, for stages that are imaged."""
        assert isinstance(self.state, ImagedState)  # only such stages are given a snapshot store
        return self.state.image()


class BuildsViews(Protocol):
    """Where a missing view comes from, see `processors.worker.state.restore`."""

    def rebuild(self, partition: int, bounds: Mapping[Topic, int], *, from_log: bool = False) -> View:
        """A view that has absorbed all below the bounds; `from_log`: no snapshot may be used. From several threads."""


class Views:
    """States by partition; used by one thread at a time.

    Args:
        stage: Name of the stage, for logs.
        builder: Builds missing states.
    """

    def __init__(self, stage: str, builder: BuildsViews) -> None:
        self._stage = stage
        self._builder = builder
        self._views: dict[int, View] = {}

    def ensure(
        self,
        partition: int,
        bounds: Mapping[Topic, int],
        others: Mapping[int, Mapping[Topic, int]] = MappingProxyType({}),
    ) -> View:
        """The view of a partition, rebuilt up to the bounds where it is missing.

        Whoever takes over one partition takes over several, and most of the work lies outside of Python's lock. So
        while one is rebuilt another one is too.

        Args:
            partition: The partition.
            bounds: Its bounds.
            others: Bounds of partitions that will be needed next.
        """
        if partition not in self._views:
            missing = [other for other in others if other != partition and other not in self._views]
            wanted = {partition: bounds, **{other: others[other] for other in missing[: _AT_ONCE - 1]}}
            with ThreadPoolExecutor(len(wanted), thread_name_prefix=f"rebuild-{self._stage}") as pool:
                built = list(pool.map(self._builder.rebuild, wanted.keys(), wanted.values()))
            self._views.update(zip(wanted, built, strict=True))
        return self._views[partition]

    def begin_again(self, partition: int, bounds: Mapping[Topic, int]) -> View:
        """A view built from the log alone, whatever was known: it belongs to another log."""
        self._views.pop(partition, None)
        view = self._views[partition] = self._builder.rebuild(partition, bounds, from_log=True)
        return view

    def present(self) -> Mapping[int, View]:
        """The views there are, by partition."""
        return self._views

    def advance(self, partition: int, now: int) -> Sequence[Output]:
        """Let the stream time of a partition reach `now` (epoch milliseconds); nothing if there is no view of it."""
        view = self._views.get(partition)
        return () if view is None else view.state.advance(now)

    def reconcile(self, committed: Mapping[tuple[Topic, int], int | None]) -> None:
        """Keep the views that may be kept after a rebalance.

        A view goes when its partition went, and when the group committed more than it knows: then another worker had
        the partition meanwhile.

        Args:
            committed: For each input partition that is ours, the committed offset or None.
        """
        owned = {partition for _topic, partition in committed}
        behind = {
            partition
            for (topic, partition), offset in committed.items()
            if (view := self._views.get(partition)) is not None and (offset or 0) > view.next.get(topic, 0)
        }
        gone = [partition for partition in self._views if partition not in owned or partition in behind]
        for partition in gone:
            del self._views[partition]
        if gone:
            _log.info("views_dropped", stage=self._stage, partitions=gone)

    def partitions(self) -> frozenset[int]:
        """Partitions that have a view."""
        return frozenset(self._views)
