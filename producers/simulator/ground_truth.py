"""The true figures of a scenario, counted from its own columns; the pipeline must report the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from producers.simulator.declarations import SPIKE_OFFICE, Declarations
from producers.simulator.planned_sheets import UNKNOWN, PlannedSheets
from producers.simulator.working_time import MAY_6_END_MS
from schemas.records.events import Rating

DISSATISFIED, SATISFIED = 2, 4
"""A score up to `DISSATISFIED` opens a complaint; a level from `SATISFIED` on counts as satisfied."""


_DERIVED = ("satisfied_percent", "complaints", "poison_records", "records_sent")


@dataclass(frozen=True, slots=True)
class PlantedSpike:
    """The one spike of dissatisfaction.

    Attributes:
        office: Code of the office.
        started_at: First dissatisfied sheet, epoch milliseconds.
        ended_at: Last dissatisfied sheet, epoch milliseconds.
        sheets: Number of its sheets.
        enterprises: Number of distinct enterprises.
    """

    office: str
    started_at: int
    ended_at: int
    sheets: int
    enterprises: int


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """Figures of a scenario. Sent records include duplicates; broken records count only in `poison`.

    Attributes:
        seed: Seed of the scenario.
        scale: Size of the scenario; 1 is Hai Phong.
        declarations_until_2020_05_06: Distinct declarations registered by 6 May 2020 24:00 local.
        rated_until_2020_05_06: Those of them with a sheet submitted by then.
        declarations: Distinct declarations registered in all.
        opinions: Rated declarations; sheets of declarations that never appear count nowhere.
        satisfied_opinions: Those of them without a score below 4 on the latest revision of any sheet.
        items: Distinct targets of every sheet over all its revisions.
        superseded_items: Those of them that are not on the latest revision.
        unmatched_sheets: Sheets whose declaration never appears.
        status_events: Distinct status events.
        status_events_sent: Status records sent.
        rating_records: Distinct revisions of sheets.
        rating_records_sent: Rating records sent.
        complaints_by_office: Pairs of sheet and office for which any revision has a score of 2 or less.
        planted_spike: The planted spike.
        actions: Actions on complaints; 0 unless complaints are handled.
        actions_sent: Action records sent.
        answers: Actions that answer an enterprise.
        poison: Broken records by reason of refusal.
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
    def complaints(self) -> int:
        """Number of complaints."""
        return sum(self.complaints_by_office.values())

    @property
    def poison_records(self) -> int:
        """Number of broken records."""
        return sum(self.poison.values())

    @property
    def records_sent(self) -> int:
        """Number of all records sent, with the broken ones."""
        return self.status_events_sent + self.rating_records_sent + self.actions_sent + self.poison_records

    def to_json(self) -> str:
        """The figures as a JSON object, with the derived ones."""
        derived = {name: getattr(self, name) for name in _DERIVED}
        return json.dumps(asdict(self) | derived, indent=2, sort_keys=True)


def low_offices(sheet: Rating) -> set[str]:
    """Offices that a sheet opens a complaint about: those with a score of 1 or 2."""
    return {item.office for item in sheet.items if item.score <= DISSATISFIED}


def item_counts(sheets: Sequence[Sequence[Rating]]) -> tuple[int, int]:
    """Distinct targets of all sheets, and those of them that are not on the latest revision."""
    items = sum(
        len({(i.target, i.office, i.target_id) for one in revisions for i in one.items}) for revisions in sheets
    )
    return items, items - sum(len(revisions[-1].items) for revisions in sheets)


def complaints_by_office(sheets: Sequence[Sequence[Rating]]) -> dict[str, int]:
    """Complaints that any revision of a sheet opens."""
    counts = Counter(office for revisions in sheets for office in set[str]().union(*map(low_offices, revisions)))
    return dict(sorted(counts.items()))


def opinion_levels(planned: PlannedSheets, sheets: Sequence[Sequence[Rating]]) -> list[int]:
    """The level of each opinion: the lowest score on the latest revisions of all sheets of a declaration."""
    levels: dict[int, int] = {}
    for declaration, revisions in zip(planned.declaration.tolist(), sheets, strict=True):
        if declaration != UNKNOWN:
            lowest = min(item.score for item in revisions[-1].items)
            levels[declaration] = min(lowest, levels.get(declaration, lowest))
    return list(levels.values())


def rated_until_may_6(declarations: Declarations, sheets: PlannedSheets) -> int:
    """Distinct declarations registered and rated by the end of 6 May."""
    rows = np.unique(sheets.declaration[(sheets.submitted_at < MAY_6_END_MS) & (sheets.declaration != UNKNOWN)])
    return int((declarations.registered_at[rows] < MAY_6_END_MS).sum())


def planted_spike(declarations: Declarations, sheets: PlannedSheets) -> PlantedSpike:
    """The planted spike as its sheets were drawn."""
    moments = sheets.submitted_at[sheets.spike]
    enterprises = np.unique(declarations.enterprise[sheets.declaration[sheets.spike]])
    return PlantedSpike(SPIKE_OFFICE, int(moments.min()), int(moments.max()), len(moments), len(enterprises))
