"""When a complaint is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.records.complaints import CaseTrack
from schemas.reference.deadlines import DeadlineDirectory

FIRST: Mapping[str, str] = {CaseTrack.SIGNAL: "SIGNAL_LOOK", CaseTrack.FEEDBACK: "FIRST_LOOK"}
RESOLVE: Mapping[str, str] = {CaseTrack.SIGNAL: "SIGNAL_SETTLE", CaseTrack.FEEDBACK: "RESOLVE"}
"""Ids of the limits as the case has them when it is opened; those for the first look are house rules."""


@dataclass(frozen=True, slots=True)
class ComplaintPolicy:
    """When a complaint is opened, and its first deadlines."""

    deadlines: DeadlineDirectory  # the legal limits
    threshold: int = 2  # scores at or below it open a complaint; 1 to 4
    first: Mapping[str, str] = field(default_factory=lambda: FIRST)  # limit for the first look, by track of the case
    resolve: Mapping[str, str] = field(default_factory=lambda: RESOLVE)  # limit for resolving, likewise
