"""Which faults are injected, in which order: drawn from a seed, so that a run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum, auto


class Action(Enum):
    """How a fault is done."""

    POINT = auto()
    """A process dies by SIGKILL at a named point."""
    REBUILD = auto()
    """A worker dies, and so does its successor while it restores the views."""
    CLICKHOUSE_KILL = auto()
    CLICKHOUSE_AWAY = auto()
    BROKER_KILL = auto()
    SCALE = auto()
    ZOMBIE = auto()
    ROLLING = auto()
    FULL_DISK = auto()
    BAD_SNAPSHOT = auto()
    CLOCK = auto()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    Attributes:
        name: Name in the report.
        action: How it is done.
        point: Where a process dies, with POINT and REBUILD.
        passes: Up to how many passes of the point are skipped first.
        brokers: Number of brokers of the cluster.
        what: Description.
    """

    name: str
    action: Action
    what: str
    point: str = ""
    passes: int = 0
    brokers: int = 1


KINDS: tuple[Kind, ...] = (
    Kind("worker_before_outputs", Action.POINT, "worker killed before its outputs leave", "before_outputs", 20),
    Kind("worker_mid_outputs", Action.POINT, "worker killed when half of its outputs are in Kafka", "mid_outputs", 20),
    Kind(
        "worker_before_commit",
        Action.POINT,
        "worker killed between outputs and commit",
        "between_outputs_and_commit",
        20,
    ),
    Kind("worker_after_commit", Action.POINT, "worker killed right after a commit", "after_commit", 10),
    Kind(
        "worker_rebuilding", Action.REBUILD, "worker killed, its successor killed in the rebuild", "during_rebuild", 3
    ),
    Kind("worker_writing_snapshot", Action.POINT, "worker killed while it writes a snapshot", "during_snapshot", 2),
    Kind("sink_before_insert", Action.POINT, "sink killed before an insert", "before_insert", 15),
    Kind("sink_mid_batch", Action.POINT, "sink killed when half of a block is in the socket", "mid_batch", 15),
    Kind(
        "sink_before_commit",
        Action.POINT,
        "sink killed between insert and commit",
        "after_insert_before_commit",
        15,
    ),
    Kind("sink_after_commit", Action.POINT, "sink killed right after a commit", "after_sink_commit", 5),
    Kind("clickhouse_killed", Action.CLICKHOUSE_KILL, "ClickHouse killed and started again"),
    Kind("clickhouse_away", Action.CLICKHOUSE_AWAY, "ClickHouse away for a minute"),
    Kind("broker_killed", Action.BROKER_KILL, "the broker killed and started again"),
    Kind("workers_scaled", Action.SCALE, "worker group grows from 1 to 3 and shrinks to 1"),
    Kind("worker_zombie", Action.ZOMBIE, "worker stopped longer than its session, then woken up"),
    Kind("rolling_restart", Action.ROLLING, "everything restarted in order, one by one"),
    Kind("snapshot_disk_full", Action.FULL_DISK, "no room for a snapshot; then a worker killed"),
    Kind("snapshot_unusable", Action.BAD_SNAPSHOT, "workers killed, snapshots torn, damaged or swapped"),
    Kind("clock_jump", Action.CLOCK, "clock of the workers jumps by hours or days"),
    Kind("one_of_three_brokers", Action.BROKER_KILL, "one of three brokers killed and started again", brokers=3),
)
"""Every kind of the matrix."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a run.

    Attributes:
        number: Place in the run, from 1.
        kind: What.
        skip: Passes of the point that are let go by.
        draw: A number below 2**32, for what else the fault has to choose.
    """

    number: int
    kind: Kind
    skip: int
    draw: int


@dataclass(frozen=True, slots=True)
class Section:
    """Faults that share one cluster, one set of topics and one database.

    Attributes:
        number: From 1.
        brokers: How many brokers.
        faults: In order.
    """

    number: int
    brokers: int
    faults: tuple[Fault, ...]


class UnknownKind(ValueError):
    """A kind was asked for that the matrix does not have."""


def chosen(names: Collection[str]) -> tuple[Kind, ...]:
    """The kinds of these names; all when none is named.

    Raises:
        UnknownKind: There is no such kind.
    """
    known = {kind.name for kind in KINDS}
    if unknown := sorted(set(names) - known):
        raise UnknownKind(f"no such kind: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return tuple(kind for kind in KINDS if not names or kind.name in names)


def plan(kinds: Sequence[Kind], times: int, seed: int, section_faults: int) -> list[Section]:
    """The sections of a run.

    The kinds are shuffled together, and every kind comes equally often in each part of the run.

    Args:
        kinds: What to do.
        times: How often each.
        seed: What everything is drawn from.
        section_faults: About how many faults share a section: rebuilds from the log grow with it.
    """
    rng = random.Random(seed)
    sections: list[Section] = []
    number = 0
    for brokers in sorted({kind.brokers for kind in kinds}):
        fitting = [kind for kind in kinds if kind.brokers == brokers]
        order = [kind for _ in range(times) for kind in rng.sample(fitting, len(fitting))]
        pieces = max(1, round(len(order) / section_faults))
        for piece in range(pieces):
            part = order[len(order) * piece // pieces : len(order) * (piece + 1) // pieces]
            faults = []
            for kind in part:
                number += 1
                skip = rng.randrange(kind.passes + 1)
                faults.append(Fault(number, kind, skip, rng.getrandbits(32)))
            sections.append(Section(len(sections) + 1, brokers, tuple(faults)))
    return sections
