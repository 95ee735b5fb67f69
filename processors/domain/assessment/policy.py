"""When a complaint is opened."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.reference.deadlines import DeadlineDirectory


@dataclass(frozen=True, slots=True)
class ComplaintPolicy:
    """When a complaint is opened, and its first deadlines."""

    deadlines: DeadlineDirectory  # the legal limits
    threshold: int = 2  # scores at or below it open a complaint; 1 to 4
    first: str = "FORWARD_OUT_OF_SCOPE"  # limit for the first look: until then a wrong office must forward it
    resolve: str = "RESOLVE"  # limit for resolving
