"""Small reference data for tests of the domain: every minute is working time, and two offices exist."""

from __future__ import annotations

from collections.abc import Sequence

from processors.domain.assessment.policy import ComplaintPolicy
from processors.domain.join.allegations import AllegationFinder
from processors.domain.join.declaration_context import StepLimits
from processors.domain.join.facts import JoinContext
from schemas.reference.allegations import load_allegations
from schemas.reference.deadlines import load_deadlines
from schemas.reference.feedback_content import load_content
from schemas.vectorized.kernels.compiled import Longs

DAY_MS = 86_400_000


class EveryMinute:
    """A calendar in which every minute is working time."""

    def overtime_of(self, office: str | None) -> str | None:
        """No office works overtime."""
        return None

    def working_ms_between_many(self, start_ms: Longs, end_ms: Longs, office: str | None = None) -> Longs:
        """All milliseconds."""
        return end_ms - start_ms

    def add_working_days(self, start_ms: int, days: int) -> int:
        """Calendar days."""
        return start_ms + days * DAY_MS


class KnownOffices:
    """Offices 03CC and 03EE with teams 00 and 01."""

    def periods(self, office: str, team: str | None = None) -> Sequence[tuple[int, int]]:
        """All of time for a known office, nothing for another."""
        return [(0, 1 << 60)] if office in ("03CC", "03EE") and team in (None, "00", "01") else []


def join_context() -> JoinContext:
    """Context of the join."""
    words = AllegationFinder(load_allegations())
    return JoinContext(EveryMinute(), KnownOffices(), StepLimits(), words, load_content())


def complaint_policy() -> ComplaintPolicy:
    """Policy with the legal limits, which are of five and fifteen days at all times."""
    return ComplaintPolicy(load_deadlines())
