"""How the join waits and forgets."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.topics import DAY_MS


@dataclass(frozen=True, slots=True)
class JoinPolicy:
    """How the join waits and forgets."""

    grace_ms: int = 300_000  # stream time after which a sheet without a known declaration is published as unmatched
    horizon_ms: int = 90 * DAY_MS  # declarations and sheets idle for this long are forgotten; the topics keep as much
