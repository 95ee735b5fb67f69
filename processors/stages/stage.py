"""What a processing stage is: the seam between the Faust worker, which reads and writes, and the pure core.

A stage is a function of the set of records it was given. It holds one state for each partition number of its input
topics; the worker gives it batches, produces what it returns, and commits when Kafka has acknowledged that.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from processors.domain.snapshot_arrays import StateSnapshot
from schemas.batches.batch import Batch, Reject
from schemas.records import (
    Alert,
    Complaint,
    ComplaintAnswer,
    ComplaintCase,
    ComplaintEvent,
    OfficeCount,
    RatedService,
    Satisfaction,
)
from schemas.topics import Topic

OutputRecord = (
    RatedService | Satisfaction | OfficeCount | Complaint | ComplaintCase | ComplaintEvent | ComplaintAnswer | Alert
)


@dataclass(frozen=True, slots=True)
class Output:
    """A record to be produced, keyed by `schemas.keys.key_of`.

    Attributes:
        topic: Where to.
        record: What. Its id and version are functions of the inputs, so producing it twice changes nothing.
    """

    topic: Topic
    record: OutputRecord


class EncodedBatch(Sequence[Output]):
    """Outputs of one topic that have much in common: encoded together for less, or made into records one by one."""

    topic: Topic

    @abstractmethod
    def messages(self) -> Sequence[tuple[bytes, bytes]]:
        """Key and framed value of each output, in order: those of its records, byte for byte."""

    def __eq__(self, other: object) -> bool:
        """Whether another sequence is of the same outputs."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of other sequences that are compared by what they hold


@dataclass(frozen=True, slots=True)
class Absorbed:
    """What came of a batch.

    Attributes:
        outputs: To be produced, in order; perhaps a `EncodedBatch`.
        rejects: Records of the batch to be set aside as dead letters.
    """

    outputs: Sequence[Output] = ()
    rejects: Sequence[Reject] = field(default=())


class PartitionState(Protocol):
    """One stage's state for one partition number; used by one thread at a time."""

    def absorb(self, batch: Batch) -> Absorbed:
        """Take a batch into the state.

        The same records may come again, in the same or another cut: what is already known changes nothing and gives
        no output. Never raises for what a record holds.
        """

    def advance(self, now: int) -> Sequence[Output]:
        """Let stream time reach `now` (epoch milliseconds) though nothing arrived; return what falls due."""


@runtime_checkable
class ReplayedState(PartitionState, Protocol):
    """A state that can take a batch in for less, when nobody wants to know what comes of it."""

    def replay(self, batch: Batch) -> None:
        """As `absorb`, of a batch all of whose outputs Kafka has; the state is the same afterwards."""


class Stage(Protocol):
    """A processing stage."""

    @property
    def name(self) -> str:
        """Short name for logs, metrics and the consumer group, e.g. `join`."""

    @property
    def inputs(self) -> Sequence[Topic]:
        """Topics it reads. Several are co-partitioned: partition p of each goes to the state of p."""

    def new_state(self, partition: int) -> PartitionState:
        """An empty state for one partition number."""


@runtime_checkable
class RestorableState(PartitionState, Protocol):
    """A state that can be saved in a snapshot and restored from it, because replaying the whole log would take long."""

    def snapshot(self) -> StateSnapshot:
        """The state as it is now; cheap, since the state goes on while the snapshot is written to disk."""


@runtime_checkable
class RestorableStage(Stage, Protocol):
    """A stage whose states are saved in snapshots; states of other stages are always restored from the log alone."""

    @property
    def snapshot_format(self) -> str:
        """Identifies the format: it differs whenever a snapshot of one program would be misread by another."""

    def restored_state(self, partition: int, snapshot: StateSnapshot) -> PartitionState:
        """The state that a snapshot of the same format contains."""
