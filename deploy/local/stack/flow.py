"""The lag of a whole stack: of its workers and of its sink."""

from __future__ import annotations

from contextlib import ExitStack

from deploy.local.stack.lag import GroupLag
from deploy.settings.sink import SinkSettings
from deploy.settings.worker import WorkerSettings
from processors.stages.catalogue import STAGES
from schemas.kafka.connection import KafkaConnection
from schemas.topics import STORED


class Flow(ExitStack):
    """The consumer groups of a stack: of each stage, upstream first, and of the ClickHouse sink."""

    def __init__(self, connection: KafkaConnection, worker: WorkerSettings, sink: SinkSettings) -> None:
        super().__init__()
        group = worker.options().group
        self.workers = [self.enter_context(GroupLag(connection, group(stage.name), stage.inputs)) for stage in STAGES]
        self.sink = self.enter_context(GroupLag(connection, sink.options().group, STORED))

    def worker_lag(self) -> int:
        """Records that the stages have not processed.

        Upstream stages are asked first: once one has no lag, all its outputs are already counted in later stages.
        So 0 means that everything in the input topics has passed all stages.
        """
        return sum(stage.look().behind for stage in self.workers)

    def sink_lag(self) -> int:
        """Records that are not in ClickHouse."""
        return self.sink.look().behind
