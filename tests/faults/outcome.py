"""The result of a fault, and the options of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.clickhouse_kind import ClickHouseKind
from faults.injections import Injected
from faults.schedule import Fault


@dataclass(slots=True)
class Outcome:
    """Result of a fault.

    Attributes:
        fault: The fault; None for the check at the end of a section.
        section: Which section.
        injected: The injected fault.
        recovered_s: From the fault until everything written before its end was done; None: not in time.
        equal_s: From the fault until ClickHouse equalled the oracle; None: not in time.
        lost: Rows and records that are missing.
        doubled: Rows and records that are too many.
        rows: Rows that were compared.
        events: Input events of the round that Kafka acknowledged.
        rate: Events a second in the round.
        restarts: Processes that ended in the round without being asked to.
        rebuilds: Views that were restored.
        dead_letters: Records set aside.
        seconds: From the beginning of the round to the end of the audit.
        examples: Some of what differed.
        audit_clean: Whether the audit agreed.
    """

    fault: Fault | None
    section: int
    injected: Injected
    recovered_s: float | None = None
    equal_s: float | None = None
    lost: int = 0
    doubled: int = 0
    rows: int = 0
    events: int = 0
    rate: float = 0.0
    restarts: int = 0
    rebuilds: int = 0
    dead_letters: int = 0
    seconds: float = 0.0
    examples: list[str] = field(default_factory=list)
    audit_clean: bool = False

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled or broken, and everything was there in time."""
        in_time = self.recovered_s is not None and self.equal_s is not None
        return in_time and self.audit_clean and not (self.lost or self.doubled or self.injected.broken)


@dataclass(frozen=True, slots=True)
class Run:
    """Options of a run.

    Attributes:
        directory: For logs and data.
        seed: Seed of the schedule and the load.
        rate: Events a second.
        embedded: The embedded broker instead of Apache Kafka.
        clickhouse: Which ClickHouse.
        deadline: When no new fault is begun; seconds of the monotonic clock.
    """

    directory: Path
    seed: int
    rate: int
    embedded: bool
    clickhouse: ClickHouseKind
    deadline: float
