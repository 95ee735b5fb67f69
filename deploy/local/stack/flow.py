"""The lag of a whole stack: of its workers and of its sink."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from deploy.local.stack.lag import GroupLag
from deploy.settings.sink import SinkSettings
from deploy.settings.worker import WorkerSettings
from processors.stages.catalogue import STAGES
from schemas.kafka.connection import KafkaConnection
from schemas.topics import STORED


@dataclass(frozen=True, slots=True)
class Flow:
    """The consumer groups of a stack.

    Attributes:
        workers: One for each stage, upstream first.
        sink: The ClickHouse sink's.
    """

    workers: Sequence[GroupLag]
    sink: GroupLag

    @staticmethod
    @contextmanager
    def open(connection: KafkaConnection, worker: WorkerSettings, sink: SinkSettings) -> Iterator[Flow]:
        """Connect to the groups."""
        options = worker.options()
        with ExitStack() as stack:
            workers = [
                stack.enter_context(GroupLag(connection, options.group(stage.name), stage.inputs)) for stage in STAGES
            ]
            yield Flow(workers, stack.enter_context(GroupLag(connection, sink.options().group, STORED)))

    def worker_lag(self) -> int:
        """Records that the stages have not processed.

        Upstream stages are asked first: once one has no lag, all its outputs are already counted in later stages.
        So 0 means that everything in the input topics has passed all stages.
        """
        return sum(stage.look().behind for stage in self.workers)

    def sink_lag(self) -> int:
        """Records that are not in ClickHouse."""
        return self.sink.look().behind
