"""Which offsets of a partition are done: the book that decides what may be committed.

Faust's own book (`faust.transport.consumer`: `_acked`, `_gap`, `_new_offset`) can commit past an unfinished message and
forgets what it read on a rebalance. This one knows batches, not messages:

================  ======================================================================================
event             what changes
================  ======================================================================================
`sought`          reading begins again at the committed offset: every lease given before is void
`fetched`         a batch left the fetcher: it gets a lease, behind the earlier leases of its partition
`take`            a stage begins the batch: only the oldest untaken lease of a partition may be taken
`done`            its outputs are acknowledged: the done offset moves over the finished head of the line
`give_back`       the stage stopped without finishing: the lease stays in the line and blocks the commit
`committed`       Kafka confirmed an offset
`forget`          the partition was revoked: its leases are void and nothing of it may be committed
================  ======================================================================================

So the committable offset never passes a batch that is not done, whatever the framework above loses or repeats: a batch
that went missing between fetcher and stage blocks its partition and is found out by the next `take`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from faust.types import TP

from schemas.errors import SystemFault


class LeaseState(Enum):
    """Where a batch stands."""

    FETCHED = auto()
    TAKEN = auto()
    DONE = auto()
    VOID = auto()


@dataclass(slots=True, eq=False)
class Lease:
    """The right to finish one fetched batch; void after a seek or a revocation.

    Attributes:
        tp: Topic and partition.
        first: Offset of its first record.
        end: Offset after its last record.
        restarted: The partition's offsets began again with this batch (recreated topic, offset reset): what was known
            of the partition belongs to another log.
        state: Where it stands.
    """

    tp: TP
    first: int
    end: int
    restarted: bool = False
    state: LeaseState = LeaseState.FETCHED


@dataclass(slots=True)
class _Line:
    """One partition: `done` is the offset below which everything is done; None before the first commit."""

    done: int | None = None
    committed: int | None = None
    leases: deque[Lease] = field(default_factory=deque)

    def position(self) -> int | None:
        return self.leases[-1].end if self.leases else self.done

    def void(self) -> None:
        for lease in self.leases:
            lease.state = LeaseState.VOID
        self.leases.clear()


class OffsetLedger:
    """The book of one consumer. Used from one thread, the one of the consumer's event loop."""

    def __init__(self) -> None:
        self._lines: dict[TP, _Line] = {}
        self._epoch = 0

    @property
    def epoch(self) -> int:
        """Changes with every seek and revocation: whatever was fetched or planned across a change is void."""
        return self._epoch

    def sought(self, committed: Mapping[TP, int | None]) -> None:
        """Reading of these partitions begins at their committed offset (None: at the start of the log)."""
        self._epoch += 1
        for tp, offset in committed.items():
            if (line := self._lines.get(tp)) is not None:
                line.void()
            self._lines[tp] = _Line(done=offset, committed=offset)

    def fetched(self, tp: TP, first: int, end: int) -> Lease:
        """Book a batch that left the fetcher, offsets `first` up to but without `end`."""
        line = self._lines.setdefault(tp, _Line())
        position = line.position()
        restarted = position is not None and first < position
        if restarted:
            line.void()
            line = self._lines[tp] = _Line()
        lease = Lease(tp, first, end, restarted)
        line.leases.append(lease)
        return lease

    def take(self, lease: Lease) -> bool:
        """Begin a batch. False: the lease is void, the batch will come again or belongs to another worker.

        Raises:
            SystemFault: An earlier batch of the partition was never delivered; going on would skip its records.
        """
        if lease.state is LeaseState.VOID:
            return False
        oldest = next((held for held in self._lines[lease.tp].leases if held.state is LeaseState.FETCHED), None)
        if oldest is not lease:
            raise SystemFault(f"a batch of {lease.tp.topic}[{lease.tp.partition}] before offset {lease.first} is lost")
        lease.state = LeaseState.TAKEN
        return True

    def done(self, lease: Lease) -> bool:
        """All outputs of a taken batch are acknowledged. False: the lease is void, nothing may be committed for it."""
        if lease.state is not LeaseState.TAKEN:
            return False
        lease.state = LeaseState.DONE
        line = self._lines[lease.tp]
        while line.leases and line.leases[0].state is LeaseState.DONE:
            line.done = line.leases.popleft().end
        return True

    def give_back(self, lease: Lease) -> None:
        """The stage let go of a taken batch without finishing it."""
        if lease.state is LeaseState.TAKEN:
            lease.state = LeaseState.FETCHED

    def committable(self, tp: TP) -> int | None:
        """The offset to commit, if it would move the committed one forward."""
        line = self._lines.get(tp)
        if line is None or line.done is None:
            return None
        return line.done if line.committed is None or line.done > line.committed else None

    def committed(self, tp: TP, offset: int) -> None:
        """Kafka confirmed a commit. What was confirmed for an earlier holding of the partition changes nothing."""
        line = self._lines.get(tp)
        if line is not None and line.done is not None and (line.committed or 0) < offset <= line.done:
            line.committed = offset

    def forget(self, tps: Iterable[TP]) -> None:
        """The partitions were revoked."""
        self._epoch += 1
        for tp in tps:
            if (line := self._lines.pop(tp, None)) is not None:
                line.void()

    def done_offset(self, tp: TP) -> int | None:
        """The offset below which everything is done, or None: nothing yet."""
        line = self._lines.get(tp)
        return None if line is None else line.done

    def reached(self, tp: TP, position: int) -> int:
        """How far the work has come: the first offset that is not done; the fetch position where nothing is in hand."""
        line = self._lines.get(tp)
        return line.leases[0].first if line is not None and line.leases else position

    def busy(self) -> bool:
        """Whether any batch is taken and not done."""
        return any(lease.state is LeaseState.TAKEN for line in self._lines.values() for lease in line.leases)

    def partitions(self) -> tuple[TP, ...]:
        """All partitions in the book."""
        return tuple(self._lines)
