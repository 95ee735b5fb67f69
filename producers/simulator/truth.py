"""What is true of a scenario, counted from its own columns: the yardstick for what the pipeline reports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from producers.simulator.clock import MAY_6_END_MS
from producers.simulator.declarations import SPIKE_OFFICE, Declarations
from producers.simulator.visits import UNKNOWN, Visits
from schemas.records import Rating

DISSATISFIED, SATISFIED = 2, 4
"""A score at or below the first opens a complaint; a level at or above the second counts as satisfied."""


@dataclass(frozen=True, slots=True)
class PlantedSpike:
    """The one spike of dissatisfaction.

    Attributes:
        office: Where.
        started_at: First dissatisfied sheet, epoch milliseconds.
        ended_at: Last one.
        sheets: How many.
        enterprises: From how many distinct enterprises.
    """

    office: str
    started_at: int
    ended_at: int
    sheets: int
    enterprises: int


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """Figures of a scenario.

    Attributes:
        seed: Its seed.
        scale: Its size; 1 is Hai Phong.
        declarations_until_2020_05_06: Distinct declarations registered by 6 May 2020 24:00 local.
        rated_until_2020_05_06: Of those, with a sheet submitted by then.
        declarations: Distinct declarations registered in all.
        opinions: Sheets.
        satisfied_opinions: Sheets whose latest revision has no score below 4.
        items: Distinct rated targets: of every sheet, over all its revisions.
        superseded_items: Of those, not on the sheet's latest revision.
        unmatched_sheets: Sheets whose declaration never appears.
        status_events: Distinct status events.
        status_events_sent: Status records, repeated ones included.
        rating_records: Distinct revisions of sheets.
        rating_records_sent: Rating records, repeated ones included.
        complaints: Sheet and office pairs for which any revision holds a score of 2 or less.
        complaints_by_office: The same by office.
        planted_spike: The spike.
        actions: What is done about complaints; 0 unless they are handled.
        actions_sent: Action records, repeated ones included.
        answers: Actions that answer an enterprise.
        poison: Bad records by the reason of their refusal; part of no other figure.
    """

    seed: int
    scale: float
    declarations_until_2020_05_06: int
    rated_until_2020_05_06: int
    declarations: int
    opinions: int
    satisfied_opinions: int
    items: int
    superseded_items: int
    unmatched_sheets: int
    status_events: int
    status_events_sent: int
    rating_records: int
    rating_records_sent: int
    complaints: int
    complaints_by_office: Mapping[str, int]
    planted_spike: PlantedSpike
    actions: int
    actions_sent: int
    answers: int
    poison: Mapping[str, int]

    @property
    def satisfied_percent(self) -> float:
        """Share of satisfied opinions, rounded as published."""
        return round(100 * self.satisfied_opinions / self.opinions, 1)

    @property
    def poison_records(self) -> int:
        """Bad records."""
        return sum(self.poison.values())

    @property
    def records_sent(self) -> int:
        """Everything that is sent, bad records included."""
        return self.status_events_sent + self.rating_records_sent + self.actions_sent + self.poison_records

    def to_json(self) -> str:
        """The figures as a JSON object, the derived ones included."""
        derived = {
            "satisfied_percent": self.satisfied_percent,
            "poison_records": self.poison_records,
            "records_sent": self.records_sent,
        }
        return json.dumps(asdict(self) | derived, indent=2, sort_keys=True)


@dataclass(frozen=True, slots=True)
class SheetFigures:
    """What is counted over sheets."""

    satisfied: int
    items: int
    superseded: int
    complaints: Mapping[str, int]


def low_offices(sheet: Rating) -> set[str]:
    """The offices at which a sheet opens a complaint: those with a score of 1 or 2."""
    return {item.office for item in sheet.items if item.score <= DISSATISFIED}


def sheet_figures(sheets: Sequence[Sequence[Rating]]) -> SheetFigures:
    """Count over the revisions of all sheets, each in order of its numbers."""
    satisfied = items = superseded = 0
    complaints: dict[str, int] = {}
    for revisions in sheets:
        latest = revisions[-1].items
        every = {(item.target, item.office, item.target_id) for revision in revisions for item in revision.items}
        satisfied += min(item.score for item in latest) >= SATISFIED
        items += len(every)
        superseded += len(every) - len(latest)
        for office in {office for revision in revisions for office in low_offices(revision)}:
            complaints[office] = complaints.get(office, 0) + 1
    return SheetFigures(satisfied, items, superseded, dict(sorted(complaints.items())))


def rated_until_may_6(declarations: Declarations, visits: Visits) -> int:
    """Distinct declarations registered and rated by the end of 6 May."""
    rows = np.unique(visits.declaration[(visits.submitted_at < MAY_6_END_MS) & (visits.declaration != UNKNOWN)])
    return int((declarations.registered_at[rows] < MAY_6_END_MS).sum())


def planted_spike(declarations: Declarations, visits: Visits) -> PlantedSpike:
    """The spike as it was planted."""
    moments = visits.submitted_at[visits.spike]
    enterprises = np.unique(declarations.enterprise[visits.declaration[visits.spike]])
    return PlantedSpike(SPIKE_OFFICE, int(moments.min()), int(moments.max()), len(moments), len(enterprises))
