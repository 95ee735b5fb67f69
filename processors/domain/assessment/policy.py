"""When a complaint is opened."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.reference.deadlines import DeadlineDirectory


@dataclass(frozen=True, slots=True)
class ComplaintPolicy:
    """When a complaint is opened, and its first deadlines."""

    deadlines: DeadlineDirectory  # the legal limits
    threshold: int = 2  # scores at or below it open a complaint; 1 to 4
    first: str = "FIRST_LOOK"  # limit for the first look: a house rule
    resolve: str = "RESOLVE"  # limit for resolving
