"""A worker process for the tests: runs one small stage. Usage: PROGRAM BOOTSTRAP PREFIX STAGE."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from processors.domain.join.policy import JoinPolicy
from processors.domain.snapshot_arrays import StateSnapshot
from processors.stages.join import JoinStage
from processors.stages.stage import Absorbed, Output, PartitionState, Stage
from processors.worker.options import WorkerOptions
from processors.worker.worker import Worker
from schemas.batches.batch import Batch, Reject
from schemas.errors import Reason
from schemas.kafka.connection import KafkaConnection
from schemas.records.facts import OfficeCount
from schemas.topics import Topic

sys.path.append(str(Path(__file__).parents[1]))

from support.reference import join_context


def seen(value: str, now: int = 0) -> Output:
    """An output that says that an event was seen."""
    return Output(Topic.OFFICE_COUNT, OfficeCount(value, now, 1, 1, 0, (), {}, {}, ()))


@dataclass
class DistinctState:
    """Gives one output for each distinct value, whatever the topic; `poison` is refused, `boom` is a bug."""

    known: set[str] = field(default_factory=set)

    def absorb(self, batch: Batch) -> Absorbed:
        """Take a batch."""
        outputs: list[Output] = []
        rejects: list[Reject] = []
        for index, value in enumerate(batch.values):
            text = (value or b"").decode()
            if text.startswith("boom"):
                raise RuntimeError("a bug in a stage")
            if text.startswith("poison"):
                rejects.append(Reject(index, Reason.CORRUPT, "value is poison"))
            elif text not in self.known:
                self.known.add(text)
                outputs.append(seen(text))
        return Absorbed(outputs, rejects)

    def advance(self, now: int) -> Sequence[Output]:
        """Let time pass."""
        return ()


@dataclass
class Distinct:
    """Counts distinct values over two co-partitioned inputs."""

    name: str = "distinct"
    inputs: tuple[Topic, ...] = (Topic.DECLARATION_STATUS, Topic.RATING)

    def new_state(self, partition: int) -> PartitionState:
        """An empty state."""
        return DistinctState()


class DyingState(DistinctState):
    """Dies by SIGKILL when the outputs of the first batch are out, before they are committed."""

    def absorb(self, batch: Batch) -> Absorbed:
        """Take a batch."""
        if self.known and not Path(os.environ["DIED"]).exists():
            Path(os.environ["DIED"]).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().absorb(batch)


class Dying(Distinct):
    def new_state(self, partition: int) -> PartitionState:
        """An empty state."""
        return DyingState()


@dataclass
class ClockedState(DistinctState):
    """When time passes, gives one output with the number of values it knows."""

    reported: bool = False

    def advance(self, now: int) -> Sequence[Output]:
        """Let time pass."""
        if self.reported or not self.known:
            return ()
        self.reported = True
        return (seen(f"advanced:{len(self.known)}", now),)


class Clocked(Distinct):
    def new_state(self, partition: int) -> PartitionState:
        """An empty state."""
        return ClockedState()


class CostlyState(DistinctState):
    """Takes a while for every batch and says so; gives one output for each, with the instants of its begin and end."""

    def absorb(self, batch: Batch) -> Absorbed:
        """Take a batch."""
        began = time.monotonic_ns() // 1_000_000
        time.sleep(0.2)
        ended = time.monotonic_ns() // 1_000_000
        return Absorbed([seen(f"{began} {ended}", batch.first)], costly=True)


class Costly(Distinct):
    def new_state(self, partition: int) -> PartitionState:
        """An empty state."""
        return CostlyState()


class RestorableState(DistinctState):
    """Can be put down and taken up again."""

    def snapshot(self) -> StateSnapshot:
        """The values."""
        return {"known": np.array(sorted(self.known), dtype="U64")}


@dataclass
class Restorable(Distinct):
    """As `distinct`, with snapshots."""

    snapshot_format: str = "1"

    def new_state(self, partition: int) -> PartitionState:
        """An empty state."""
        return RestorableState()

    def restored_state(self, partition: int, snapshot: StateSnapshot) -> DistinctState:
        """The state of a snapshot."""
        return RestorableState(set(snapshot["known"].tolist()))


def joining() -> Stage:
    """The join, without patience."""
    return JoinStage(JoinPolicy(grace_ms=0), join_context())


STAGES: dict[str, Callable[[], Stage]] = {
    "distinct": Distinct,
    "dying": Dying,
    "clocked": Clocked,
    "costly": Costly,
    "restorable": Restorable,
    "joining": joining,
}


def main() -> int:
    """Run until stopped."""
    _program, bootstrap, prefix, stage = sys.argv
    connection = KafkaConnection(bootstrap, topic_prefix=prefix, session_timeout_ms=6_000)
    options = WorkerOptions(
        group_prefix=prefix,
        idle_advance_s=float(os.environ.get("IDLE_ADVANCE_S", "0")),
        commit_interval_s=float(os.environ.get("COMMIT_INTERVAL_S", "0.5")),
        identity_check_s=float(os.environ.get("IDENTITY_CHECK_S", "60")),
        forget_interval_s=float(os.environ.get("FORGET_INTERVAL_S", "60")),
        max_batch_records=int(os.environ.get("MAX_BATCH", "500")),
        snapshot_directory=Path(os.environ["SNAPSHOTS"]) if "SNAPSHOTS" in os.environ else None,
        snapshot_interval_s=0.1,
    )
    return Worker(connection, [STAGES[stage]()], options, lambda: time.time_ns() // 1_000_000).run()


if __name__ == "__main__":
    sys.exit(main())
