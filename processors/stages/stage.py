"""The interface of a processing stage: the seam between the Faust worker, which reads and writes, and the pure logic.

A stage is a function of the set of its input records. It holds one state for each partition number of its input topics.
The worker gives it batches, produces the outputs, and commits when Kafka has acknowledged them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from processors.domain.snapshot_arrays import KeepsArrays, StateSnapshot
from schemas.batches.batch import Batch, Reject
from schemas.keys import OutputRecord
from schemas.topics import Topic


@dataclass(frozen=True, slots=True)
class Output:
    """A record to be produced, keyed by `schemas.keys.key_of`.

    Attributes:
        topic: Topic to produce to.
        record: Its id and version are functions of the inputs, so producing it twice changes nothing.
    """

    topic: Topic
    record: OutputRecord


class EncodedBatch(Sequence[Output]):
    """Similar outputs of one topic, which are cheaper to encode together than one by one."""

    topic: Topic

    @abstractmethod
    def messages(self) -> Sequence[tuple[bytes, bytes]]:
        """Key and framed value of each output, in order; the same bytes as its records give."""

    def __eq__(self, other: object) -> bool:
        """Whether another sequence holds the same outputs."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # compared by content, like a list


@dataclass(frozen=True, slots=True)
class Absorbed:
    """The result of a batch.

    Attributes:
        outputs: Outputs to produce, in order; may be an `EncodedBatch`.
        rejects: Records of the batch that become dead letters.
        costly: Whether a batch cost much however few records it held, and the next one may cost the same again. The
            worker lets records gather before it takes the next one.
    """

    outputs: Sequence[Output] = ()
    rejects: Sequence[Reject] = field(default=())
    costly: bool = False


class PartitionState(Protocol):
    """State of a stage for one partition number; used by one thread at a time."""

    def absorb(self, batch: Batch) -> Absorbed:
        """Apply a batch to the state and return the outputs.

        The same records may come again, in the same or other batches. Known records do not change the state; their
        outputs may be returned again, with the same ids and versions. The content of a record never raises an error.
        """

    def advance(self, now: int) -> Sequence[Output]:
        """Advance stream time to `now` (epoch milliseconds) without a record; return the outputs that are due."""


@runtime_checkable
class ReplayedState(PartitionState, Protocol):
    """A state that can apply a batch at lower cost when its outputs are not needed."""

    def replay(self, batch: Batch) -> None:
        """Apply a batch whose outputs Kafka already has; the state is the same as after `absorb`."""


class Stage(Protocol):
    """A processing stage."""

    @property
    def name(self) -> str:
        """Its name in `processors.stages.catalogue`."""

    @property
    def inputs(self) -> Sequence[Topic]:
        """Topics it reads, with equal partition counts: partition p of each goes to the state of p."""

    def new_state(self, partition: int) -> PartitionState:
        """An empty state for one partition number."""


@runtime_checkable
class RestorableState(PartitionState, Protocol):
    """A state that can be saved in a snapshot and restored from it, because replaying the whole log would take long."""

    def snapshot(self) -> StateSnapshot:
        """The current state. It is cheap, and must not change while the snapshot is written to disk."""


@runtime_checkable
class RestorableStage(Stage, Protocol):
    """A stage whose states are saved in snapshots; states of other stages are always restored from the log alone."""

    @property
    def snapshot_format(self) -> str:
        """Identifies the format: it differs whenever a snapshot of one program would be misread by another."""

    def restored_state(self, partition: int, snapshot: StateSnapshot) -> PartitionState:
        """The state that a snapshot of the same format contains."""


@runtime_checkable
class SpillingState(PartitionState, Protocol):
    """A state that need not hold its large arrays in memory."""

    def keep_arrays_with(self, keep: KeepsArrays) -> None:
        """Hand large arrays to `keep`, now and from now on, and hold what it returns."""


@runtime_checkable
class ForgettingState(PartitionState, Protocol):
    """A state that forgets what Kafka has deleted. Nothing else is forgotten: see docs/adr/0026."""

    def forget(self, log_starts: Mapping[Topic, int]) -> bool:
        """Forget records below these offsets, the first that the log of each input still holds; whether there were any.

        Called when every record in the log has been absorbed, so none of them can need what is forgotten. The state may
        hold some of it longer.
        """


@runtime_checkable
class MeasuredState(PartitionState, Protocol):
    """A state that says how large it is, for metrics."""

    def sizes(self) -> Mapping[str, int]:
        """Numbers by name. Cheap; from any thread."""
