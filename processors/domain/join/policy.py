"""How long the join waits, what it takes for gone, and which sheets count."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.records.facts import Standing
from schemas.topics import DAY_MS


@dataclass(frozen=True, slots=True)
class JoinPolicy:
    """How long the join waits, what it takes for gone, and which sheets count.

    Attributes:
        grace_ms: How long a sheet waits for its declaration before it is published as unmatched. It is measured in the
            Kafka timestamps of statuses, or by the wall clock once everything is read.
        rated_within_ms: A declaration is rated at most this long after its last status; ours, generous. Once the log
            has deleted statuses, a sheet that is younger than the oldest of the others by less than this may belong to
            a deleted declaration.
        count_unstated: Whether a sheet counts that names no enterprise: its publisher answers for it.
    """

    grace_ms: int = 300_000
    rated_within_ms: int = 90 * DAY_MS
    count_unstated: bool = True

    @property
    def counting(self) -> frozenset[Standing]:
        """Standings whose facts count."""
        return frozenset({Standing.VERIFIED, Standing.UNSTATED} if self.count_unstated else {Standing.VERIFIED})
