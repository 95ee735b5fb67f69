"""Stop when the reject rate suggests a system fault.

A worker or sink of a wrong version, or a producer with a wrong schema, makes every record unreadable. Setting all of
them aside would move a whole topic into the dead letters; stopping keeps it until the cause is corrected.

The decision depends on the log and on the dead letters in Kafka, not on the process: after a restart or a takeover of
the partition, earlier refusals count as well. So restarts by a supervisor cannot drain the topic bit by bit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.errors import SystemFault
from schemas.options import Checked
from schemas.topics import Topic

Earlier = Callable[[str, int, int, int], Collection[int]]
"""Offsets refused before: (topic identity, partition, first offset, offset after the last) -> offsets."""


@dataclass(frozen=True, slots=True)
class DeadLetterLimit(Checked):
    """How many records of a partition may be refused.

    Attributes:
        share: Largest share of the window that may be refused, above 0; 1 switches the limit off.
        minimum: Fewer refused records than this in the window never exceed the limit.
        window: Number of latest offsets that are considered.
    """

    share: float = 0.2
    minimum: int = 100
    window: int = 1000

    def _problems(self) -> Iterator[str]:
        if not 0 < self.share <= 1:
            yield "share must be more than 0 and at most 1 (never)"
        if self.minimum < 1:
            yield "minimum must be at least 1"
        if self.window < self.minimum:
            yield "window must not be less than minimum: the limit could never be exceeded"

    def exceeded_at(self, refused: Sequence[int], first: int) -> int | None:
        """The first offset at which too many of the last records were refused.

        Args:
            refused: Refused offsets of one partition, ascending.
            first: Only offsets from this one on are judged; those before are already done.
        """
        for index in range(bisect_left(refused, first), len(refused)):
            offset = refused[index]
            count = index + 1 - bisect_left(refused, offset + 1 - self.window)
            if count >= self.minimum and count > self.share * min(self.window, offset + 1):
                return offset
        return None


class DeadLetterGuard:
    """Watches the refusals of one stage in each partition; used from one thread.

    Args:
        stage: Name of the component, for the message.
        limit: How many records may be refused.
        earlier: Returns earlier refusals of a partition; called at the first refusal only.
    """

    def __init__(self, stage: str, limit: DeadLetterLimit, earlier: Earlier) -> None:
        self._stage = stage
        self._limit = limit
        self._earlier = earlier
        self._known: dict[tuple[str, int], _RefusedOffsets] = {}

    def check(
        self, topic: Topic, identity: str, partition: int, offsets: Sequence[int], refused: Mapping[int, str]
    ) -> None:
        """Judge a batch before anything of it is published or committed.

        A record that is read and refused again counts again.

        Args:
            topic: Topic it was read from.
            identity: Identity of that log (`schemas.kafka.topic_metadata`).
            partition: Partition.
            offsets: Offsets of the batch; those between the first and the last may be left out.
            refused: Refused offsets, each with a reason that shows no value.

        Raises:
            SystemFault: Too many were refused; the batch must be neither published nor committed.
            Unavailable: Earlier refusals could not be read.
        """
        if not offsets:
            return
        key, first = (identity, partition), offsets[0]
        known = self._known.get(key)
        if known is not None and known.after < first:
            known = None  # another process had the partition in between: its refusals are not known here
        if known is None and refused:
            known = _RefusedOffsets(
                first, sorted(self._earlier(identity, partition, max(0, first - self._limit.window), first))
            )
        if known is None:
            self._known.pop(key, None)
            return
        before = [offset for offset in known.refused if first - self._limit.window <= offset < first]
        found = [*before, *sorted(refused)]
        exceeded = self._limit.exceeded_at(found, first)
        if exceeded is not None:
            raise SystemFault(self._message(topic, partition, exceeded, found, refused))
        self._known[key] = _RefusedOffsets(offsets[-1] + 1, found[-self._limit.window :])

    def _message(
        self, topic: Topic, partition: int, offset: int, found: Sequence[int], refused: Mapping[int, str]
    ) -> str:
        seen = min(self._limit.window, offset + 1)
        count = sum(offset - seen < one <= offset for one in found)
        ((why, often),) = Counter(refused.values()).most_common(1)
        return (
            f"{self._stage} refused {count} of the last {seen} records of {topic.subject}[{partition}] up to offset "
            f"{offset}, {often} of this batch for {why}. It stops here instead of turning the topic into dead letters; "
            "nothing of this batch is published or committed. Check the schema (writer) and the version of the "
            "producer of this topic, and the version of this program; `hailong dlq list` shows what was refused "
            "before. What to do: docs/dead-letters.md, The limit"
        )


@dataclass(frozen=True, slots=True)
class _RefusedOffsets:
    """Refusals of one partition.

    Attributes:
        after: The offset after the last record judged.
        refused: Refused offsets before that, ascending.
    """

    after: int
    refused: Sequence[int]
