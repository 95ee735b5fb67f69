"""The views of one stage: one state for each partition number this worker owns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from processors.stage import Absorbed, Output, PartitionState
from schemas.batch import RawBatch
from schemas.topics import Topic

_log = structlog.get_logger(__name__)


class BuildsStates(Protocol):
    """Where a missing state comes from, see `processors.worker.rebuild`."""

    def rebuild(self, partition: int, bounds: Mapping[Topic, int]) -> PartitionState:
        """A state that has absorbed all below the bounds."""


@dataclass(slots=True)
class View:
    """A state and what it has absorbed.

    Attributes:
        state: The state.
        next: For each input the offset after the last record absorbed; 0 where none was.
    """

    state: PartitionState
    next: dict[Topic, int] = field(default_factory=dict)

    def absorb(self, batch: RawBatch) -> Absorbed:
        """Take a batch in."""
        absorbed = self.state.absorb(batch)
        self.next[batch.topic] = max(self.next.get(batch.topic, 0), batch.offsets[-1] + 1)
        return absorbed


class Views:
    """States by partition; used by one thread at a time.

    Args:
        stage: Name of the stage, for logs.
        builder: Builds missing states.
    """

    def __init__(self, stage: str, builder: BuildsStates) -> None:
        self._stage = stage
        self._builder = builder
        self._views: dict[int, View] = {}

    def ensure(self, partition: int, bounds: Mapping[Topic, int]) -> View:
        """The view of a partition, rebuilt from the log up to the bounds where it is missing."""
        view = self._views.get(partition)
        if view is None:
            view = View(self._builder.rebuild(partition, bounds), dict(bounds))
            self._views[partition] = view
        return view

    def advance(self, partition: int, now: int) -> tuple[Output, ...]:
        """Let the stream time of a partition reach `now` (epoch milliseconds); nothing if there is no view of it."""
        view = self._views.get(partition)
        return () if view is None else tuple(view.state.advance(now))

    def drop(self, partition: int) -> None:
        """Forget a view: what it knows belongs to another log."""
        self._views.pop(partition, None)

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
