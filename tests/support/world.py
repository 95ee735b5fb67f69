"""A small fixed world for tests of the core: every minute works, and a handful of offices exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from processors.domain.assessment.complaint_opening import ComplaintPolicy
from processors.domain.join.declaration_context import StepLimits
from processors.domain.join.facts import JoinContext
from schemas.vectorized.kernels.compiled import Longs

DAY_MS = 86_400_000


class EveryMinute:
    """A calendar in which every minute is working time."""

    def overtime_of(self, office: str | None) -> str | None:
        """No office has more time than others."""
        return None

    def working_minutes_between_many(self, start_ms: Longs, end_ms: Longs, office: str | None = None) -> Longs:
        """Whole minutes."""
        return (end_ms - start_ms) // 60_000

    def add_working_days(self, start_ms: int, days: int) -> int:
        """Calendar days."""
        return start_ms + days * DAY_MS


class KnownOffices:
    """Offices 03CC and 03EE with teams 00 and 01."""

    def periods(self, office: str, team: str | None = None) -> Sequence[tuple[int, int]]:
        """All of time, for what is known."""
        return [(0, 1 << 60)] if office in ("03CC", "03EE") and team in (None, "00", "01") else []


def join_context() -> JoinContext:
    """The small world, for the join."""
    return JoinContext(EveryMinute(), KnownOffices(), StepLimits())


@dataclass(frozen=True)
class Limit:
    """A limit in working days."""

    id: str
    working_days: int


class TwoLimits:
    """Five and fifteen days, at all times."""

    def get(self, deadline_id: str, at_ms: int) -> Limit:
        """The limit of that id."""
        return Limit(deadline_id, {"FORWARD_OUT_OF_SCOPE": 5, "RESOLVE": 15}[deadline_id])


def complaint_policy() -> ComplaintPolicy:
    """Five and fifteen days."""
    return ComplaintPolicy(TwoLimits())
