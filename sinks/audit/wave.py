"""Whether everything that Kafka held at one moment has passed all consumer groups.

A group commits an offset when the outputs of everything before it are in Kafka. So the groups are asked one after the
other, in the order of the flow: the ends of a group's topics are read when all groups before it have passed their own
ends. Then those ends include all that came of the records which the first group had to read, and nothing is overlooked
that lies between two groups. Records that arrive later are not waited for: a system in use comes to an end too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from schemas.kafka.connection import KafkaConnection
from schemas.kafka.group_lag import GroupLag, Lag
from schemas.kafka.topic_reader import Partition
from schemas.topics import Topic
from sinks.audit.pipeline_info import PipelineInfo, ReaderGroup


@dataclass(frozen=True, slots=True)
class Behind:
    """What one group has not read of one topic."""

    reader: str  # name of the group for people
    group: str
    process: str
    topic: str
    records: int  # at most: compacted records and transaction markers count


class Waves:
    """The consumer groups of a deployment, seen from outside.

    Args:
        connection: Kafka.
        pipeline: The groups.
    """

    def __init__(self, connection: KafkaConnection, pipeline: PipelineInfo) -> None:
        self.groups: Sequence[tuple[ReaderGroup, GroupLag]] = [
            (one, GroupLag(connection, one.group, one.inputs)) for one in pipeline.groups
        ]

    def __enter__(self) -> Self:
        """Does nothing: the first look connects."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        for _group, lag in self.groups:
            lag.__exit__(kind, error, trace)

    def start(self) -> Wave:
        """Follow what Kafka holds from now on; the first `look` reads the first ends."""
        return Wave(self.groups)

    def lags(self) -> Mapping[str, Lag]:
        """About the present lag of each group, by its name for people; records that arrive later count too."""
        return {one.name: lag.look(exact=False) for one, lag in self.groups}


class Wave:
    """Everything that Kafka holds at the first `look`, followed through the groups; made by `Waves.start`."""

    def __init__(self, groups: Sequence[tuple[ReaderGroup, GroupLag]]) -> None:
        self._groups = groups
        self._current = 0
        self._ends: Mapping[Partition, int] | None = None
        self._passed: dict[str, Mapping[Partition, int]] = {}

    def look(self, *, thorough: bool = False) -> Sequence[Behind]:
        """What the group that is not done yet has left, and what later ones have left at present; empty: all passed.

        Args:
            thorough: Whether to read the true ends of what later groups read, which takes a second or two; otherwise
                they may have more left than is said.

        Raises:
            Unavailable: Kafka does not answer.
            SystemFault: Kafka does not let us ask.
        """
        while self._current < len(self._groups):
            group, lag = self._groups[self._current]
            left = self._look_at(group, lag)
            if left:
                found = [*_behind(group, lag, left)]
                for one, its in self._groups[self._current + 1 :]:
                    found += _behind(one, its, its.behind(its.ends()) if thorough else its.look(exact=False).left)
                return found
            self._current, self._ends = self._current + 1, None
        return ()

    def passed_ends(self, group: ReaderGroup | None, topic: Topic) -> Mapping[int, int] | None:
        """Up to where a group was followed in a topic, by partition; None if it has not passed that."""
        if group is None or group.name not in self._passed:
            return None
        lag = next(its for one, its in self._groups if one is group)
        return {one[1]: end for one, end in self._passed[group.name].items() if lag.topic(one) is topic}

    def _look_at(self, group: ReaderGroup, lag: GroupLag) -> Mapping[Partition, int]:
        """What a group has left below its ends."""
        while True:
            ends = self._ends = self._ends or lag.ends()
            left = lag.behind(ends)
            if left:
                return left
            # What a group writes for itself may lead to more: a complaint's timers fire one after the other.
            newer = lag.ends() if {*group.inputs} & {*group.outputs} else ends
            if all(newer[one] <= end for one, end in ends.items() if lag.topic(one) in group.outputs):
                self._passed[group.name] = ends
                return {}
            self._ends = newer


def _behind(group: ReaderGroup, lag: GroupLag, left: Mapping[Partition, int]) -> Sequence[Behind]:
    """What a group has left, by topic."""
    records = dict.fromkeys(group.inputs, 0)
    for one, count in left.items():
        records[lag.topic(one)] += count
    named = (group.name, group.group, group.process)
    return [Behind(*named, topic.subject, count) for topic, count in records.items() if count]
