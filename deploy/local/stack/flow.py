"""The lag of a whole stack: of its workers and of its sink."""

from __future__ import annotations

from contextlib import ExitStack

from processors.stages.catalogue import STAGES
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.group_lag import GroupLag
from sinks.audit.pipeline_info import PipelineInfo


class Flow(ExitStack):
    """The consumer groups of a stack: of each stage, upstream first, and of the ClickHouse sink."""

    def __init__(self, connection: KafkaConnection, pipeline: PipelineInfo) -> None:
        super().__init__()
        lags = {one.name: self.enter_context(GroupLag(connection, one.group, one.inputs)) for one in pipeline.groups}
        self.workers = [lags[stage.name] for stage in STAGES]
        self.sink = lags["sink"]

    def worker_lag(self) -> int:
        """Records that the stages have not processed.

        Upstream stages are asked first: once one has no lag, all its outputs are already counted in later stages.
        So 0 means that everything in the input topics has passed all stages.
        """
        return sum(stage.look().behind for stage in self.workers)

    def sink_lag(self) -> int:
        """Records that are not in ClickHouse."""
        return self.sink.look().behind
