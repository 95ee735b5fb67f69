"""The seam: what a sink must do, and what it can rely on.

`sinks.runtime.consumer.SinkConsumer` reads Kafka, hands the records to a `Sink`, and commits what the sink reports as
delivered. To write a sink, write `add_records`, `deliver` and `backlog`; the other methods have defaults that fit a
sink without threads. `sinks.alerts.alert_sink.AlertSink` does all of this for a sink that delivers alerts one by one.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import Message

from schemas.topics import Topic


@dataclass(slots=True)
class AssignedPartition:
    """One partition for as long as this process reads it."""

    topic: Topic
    partition: int
    held: bool = True  # whether it is still ours; when it is not, nothing is committed, and the next owner reads on
    position: int | None = None  # offset of the next record to read; None for the beginning of the partition
    at_end: bool = False  # whether everything was read once; set only where partitions are not shared
    done: int | None = None  # offset before which everything is delivered; None while nothing is; moved by the sink
    committed: int | None = None  # offset that was last committed; None for none
    metadata: str = ""  # text that is committed with the offset


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a sink holds and has not delivered."""

    records: int
    size: int = 0  # how much room they take, in a unit of the sink's choice (bytes, or records)
    limit: int | None = None  # from this size on, nothing more is read; None: the sink always takes more


class Sink(ABC):
    """Brings records to one destination.

    What a sink can rely on: all methods are called from one thread. Records of a partition come in offset order.
    `deliver` is called about ten times a second, whether records arrive or not. While `backlog` is at its limit, no
    records come.

    What a sink must keep:

    - It moves `done` of a partition only past records that the destination has acknowledged, or that were set aside for
      good. After a crash, reading continues at the committed `done`, so a record can be delivered twice, never lost.
    - It delivers nothing of a partition whose `held` is false.
    - No call blocks longer than a few seconds plus one request. A process that does not poll for five minutes
      (`max.poll.interval.ms`) is expelled from its consumer group.
    - It waits for a destination that is away: it tries again in a later `deliver`, and tells its monitor.

    Every method may raise `SystemFault` when an operator must act. That stops the process, and nothing is committed
    beyond what was delivered before.
    """

    @abstractmethod
    def add_records(self, partition: AssignedPartition, messages: Sequence[Message]) -> int:
        """Take messages of one partition, none of them an error, without waiting for the destination.

        Returns:
            By how much the size of the backlog grew.
        """

    @abstractmethod
    def deliver(self) -> None:
        """Deliver what is due, or start to, and move `done` of the partitions."""

    @property
    @abstractmethod
    def backlog(self) -> Backlog:
        """What is read and not delivered. While it holds records and nothing is delivered, health turns bad."""

    def start(self, partitions: Sequence[AssignedPartition]) -> None:  # noqa: B027 - optional
        """Learn which partitions are now ours, and choose where reading begins.

        `position` and `done` are set to the committed offset; the sink may change them. By default it leaves them.

        Raises:
            Unavailable: Where to begin is not known yet. `start` is called again after a pause.
            OutcomeUnknown: As for `Unavailable`.
        """

    def wait_for_room(self, timeout_s: float) -> None:
        """Wait until the backlog may have shrunk, at most so many seconds."""
        time.sleep(timeout_s)

    def flush(self, timeout_s: float, *, everything: bool) -> bool:
        """Finish deliveries before partitions are given up, and move `done`.

        Args:
            timeout_s: Seconds that it may take.
            everything: Whether to deliver all that was read (at a stop), or only what is under way (at a rebalance).

        Returns:
            Whether all of it was delivered. The default delivers nothing: what was read is read again.
        """
        del timeout_s, everything
        return True

    def recreated_topics(self) -> Sequence[str]:
        """Names of topics that were deleted and created again since `start`; if there are any, reading starts over.

        Raises:
            Unavailable: It cannot be found out now; the question is asked again.
            OutcomeUnknown: As for `Unavailable`.
        """
        return ()

    def close(self) -> None:  # noqa: B027 - optional
        """Release connections and end threads; called once, after the last commit."""
