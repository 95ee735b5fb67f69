"""Which offsets of a partition are done, and so which offset may be committed.

Faust's own bookkeeping (`faust.transport.consumer`: `_acked`, `_gap`, `_new_offset`) can commit past an unfinished
message and forgets what it read on a rebalance. The tracker keeps a queue of batches for each partition:

    `add_fetched` → `start` → `mark_done` → `committable_offset` → `mark_committed`

A seek (`restart_at`) and a revocation (`revoke`) void all batches in the queue.

Guarantee: the committable offset never passes a batch that is not done, whatever Faust loses or repeats. If a batch is
lost between fetcher and stage, it blocks its partition and the next `start` reports it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from faust.types import TP

from schemas.errors import SystemFault


class BatchState(Enum):
    """How far a batch has come."""

    FETCHED = auto()
    STARTED = auto()
    DONE = auto()
    VOID = auto()


@dataclass(slots=True, eq=False)
class BatchOffsets:
    """The offsets of one fetched batch; void after a seek or a revocation.

    Attributes:
        tp: Topic and partition.
        first: Offset of its first record.
        end: Offset after its last record.
        log_restarted: The partition's offsets restarted with this batch (recreated topic, offset reset): all that was
            known of the partition belongs to another log.
        state: How far it has come.
    """

    tp: TP
    first: int
    end: int
    log_restarted: bool = False
    state: BatchState = BatchState.FETCHED


@dataclass(slots=True)
class PartitionOffsets:
    """One partition: `done` is the offset below which everything is done, `committed` the one that Kafka confirmed.

    Both are None before the first commit. `batches` are those not yet counted in `done`, in offset order.
    """

    done: int | None = None
    committed: int | None = None
    batches: deque[BatchOffsets] = field(default_factory=deque)

    def next_fetch_offset(self) -> int | None:
        """The offset after the last batch fetched."""
        return self.batches[-1].end if self.batches else self.done

    def void_batches(self) -> None:
        """Void all batches that are not done."""
        for batch in self.batches:
            batch.state = BatchState.VOID
        self.batches.clear()


class OffsetTracker:
    """Tracks the offsets of one consumer. Used only from the thread of the consumer's event loop."""

    def __init__(self) -> None:
        self._partitions: dict[TP, PartitionOffsets] = {}
        self._assignment_epoch = 0

    @property
    def assignment_epoch(self) -> int:
        """Changes with every seek and revocation: whatever was fetched or planned before the change is void."""
        return self._assignment_epoch

    def restart_at(self, committed: Mapping[TP, int | None]) -> None:
        """Reading of these partitions restarts at their committed offset (None: at the start of the log)."""
        self._assignment_epoch += 1
        for tp, offset in committed.items():
            if (partition := self._partitions.get(tp)) is not None:
                partition.void_batches()
            self._partitions[tp] = PartitionOffsets(done=offset, committed=offset)

    def add_fetched(self, tp: TP, first: int, end: int) -> BatchOffsets:
        """Append a fetched batch, with the offsets from `first` up to but without `end`, to its partition's queue."""
        partition = self._partitions.setdefault(tp, PartitionOffsets())
        expected = partition.next_fetch_offset()
        log_restarted = expected is not None and first < expected
        if log_restarted:
            partition.void_batches()
            partition = self._partitions[tp] = PartitionOffsets()
        batch = BatchOffsets(tp, first, end, log_restarted)
        partition.batches.append(batch)
        return batch

    def start(self, batch: BatchOffsets) -> bool:
        """Start the oldest batch not yet started. False: it is void, and will be fetched again by its owner.

        Raises:
            SystemFault: An earlier batch of the partition was never delivered; going on would skip its records.
        """
        if batch.state is BatchState.VOID:
            return False
        queued = self._partitions[batch.tp].batches
        if next((other for other in queued if other.state is BatchState.FETCHED), None) is not batch:
            raise SystemFault(
                f"a batch of {batch.tp.topic}[{batch.tp.partition}] before offset {batch.first} is lost between "
                "fetcher and stage; the worker stops, and the next start reads it again"
            )
        batch.state = BatchState.STARTED
        return True

    def mark_done(self, batch: BatchOffsets) -> bool:
        """All outputs of the batch are acknowledged: `done` moves over it. False: it is void, nothing is committed."""
        if batch.state is not BatchState.STARTED:
            return False
        batch.state = BatchState.DONE
        partition = self._partitions[batch.tp]
        # Only the done head of the queue counts: a batch that is not done holds back all batches after it.
        while partition.batches and partition.batches[0].state is BatchState.DONE:
            partition.done = partition.batches.popleft().end
        return True

    def release(self, batch: BatchOffsets) -> None:
        """A stage stopped without finishing the batch: it stays in the queue and blocks the commit."""
        if batch.state is BatchState.STARTED:
            batch.state = BatchState.FETCHED

    def committable_offset(self, tp: TP) -> int | None:
        """The offset to commit; None if the committed offset would not move forward."""
        partition = self._partitions.get(tp)
        if partition is None or partition.done is None:
            return None
        return partition.done if partition.committed is None or partition.done > partition.committed else None

    def mark_committed(self, tp: TP, offset: int) -> None:
        """Kafka confirmed a commit. A confirmation that belongs to an earlier assignment is ignored."""
        partition = self._partitions.get(tp)
        if (
            partition is not None
            and partition.done is not None
            and (partition.committed or 0) < offset <= partition.done
        ):
            partition.committed = offset

    def revoke(self, tps: Iterable[TP]) -> None:
        """The partitions were revoked: nothing of them may be committed any more."""
        self._assignment_epoch += 1
        for tp in tps:
            if (partition := self._partitions.pop(tp, None)) is not None:
                partition.void_batches()

    def done_offset(self, tp: TP) -> int | None:
        """The offset below which everything is done; None if nothing is."""
        partition = self._partitions.get(tp)
        return None if partition is None else partition.done

    def first_undone_offset(self, tp: TP, position: int) -> int:
        """The first offset that is not done; the fetch position if no batch is waiting or started."""
        partition = self._partitions.get(tp)
        return partition.batches[0].first if partition is not None and partition.batches else position

    def has_started_batch(self) -> bool:
        """Whether a stage is working on a batch."""
        return any(batch.state is BatchState.STARTED for known in self._partitions.values() for batch in known.batches)

    def partitions(self) -> tuple[TP, ...]:
        """All partitions that are tracked."""
        return tuple(self._partitions)
