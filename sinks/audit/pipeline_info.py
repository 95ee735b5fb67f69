"""What an audit must know of a deployment before it can say that all is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.topics import STORED, Topic


@dataclass(frozen=True, slots=True)
class ReaderGroup:
    """One consumer group, which must have read everything before all is done.

    Attributes:
        name: For people, such as `join`.
        group: Name of the consumer group.
        process: The command that runs it, such as `hailong worker`.
        inputs: What it reads, upstream first.
        outputs: What it writes; some of it may be among its inputs.
        has_members: Whether its processes join the group; otherwise they only commit offsets to it.
    """

    name: str
    group: str
    process: str
    inputs: Sequence[Topic]
    outputs: Sequence[Topic] = ()
    has_members: bool = True


@dataclass(frozen=True, slots=True)
class PipelineInfo:
    """All consumer groups of a deployment, and what falls due in it by time alone.

    Attributes:
        groups: The groups, in the order of the flow: what one writes is read by itself and by later ones only.
        grace_ms: How long a sheet waits for its declaration, in Kafka timestamps.
        idle_s: After so many seconds without records the workers do what is due by the clock; 0: never.
    """

    groups: Sequence[ReaderGroup] = ()
    grace_ms: int = 0
    idle_s: float = 0.0

    def first_reader(self, topic: Topic) -> ReaderGroup | None:
        """The first group that reads a topic."""
        return next((one for one in self.groups if topic in one.inputs), None)

    @property
    def loader(self) -> ReaderGroup | None:
        """The group that loads every topic into ClickHouse."""
        return next((one for one in self.groups if {*one.inputs} >= {*STORED}), None)

    @property
    def written_topics(self) -> frozenset[Topic]:
        """Topics that its own processes write."""
        return frozenset(topic for one in self.groups for topic in one.outputs)


NOT_WATCHED = PipelineInfo()
"""No groups: an audit compares what is there, and cannot tell what is missing from what is on its way."""
