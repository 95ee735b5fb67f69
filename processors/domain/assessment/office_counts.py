"""Counts of opinions per office and pane: the input of the spike detector, which compares all offices.

An opinion is what one enterprise says about one office by one declaration, in all its sheets; its level is the lowest
of its scores there, and it counts where the last of them was sent (docs/adr/0042-an-opinion.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from processors.domain.assessment.fact_store import Change, Opinion, StoredFact
from processors.domain.panes import pane_of
from schemas.ids import complaint_id
from schemas.records.events import Target
from schemas.records.facts import OfficeCount

DISSATISFIED = 2
"""Levels 1 and 2 are dissatisfied: the published scale calls them không hài lòng and rất không hài lòng."""

_TESTED = frozenset({Target.TEAM, Target.STEP})
"""Targets that alerts test one by one. Officials are not tested: people look into the complaints about them."""

Cell = tuple[str, int]
"""Office and start of a pane."""


class OfficeCounts:
    """The opinions of one partition, by office and pane."""

    def __init__(self) -> None:
        self._cells: dict[Cell, dict[int, Opinion]] = {}
        self._versions: Counter[Cell] = Counter()
        self._changed: set[Cell] = set()

    def apply(self, change: Change) -> None:
        """Apply one change of a fact to the counts."""
        opinion = change.group.opinion
        grown = change.after.version - (change.before.version if change.before else 0)
        for start in opinion.panes:
            self._versions[opinion.office, start] += grown
        if not change.material:
            return
        self._remove(opinion)
        # The pane of the sheet too, though another sheet came later: an order in which this one came first, or a build
        # that counted sheets, published an opinion there, which only a higher version takes back.
        sheet, current = change.group.current(), opinion.current()
        if sheet:
            self._touch(opinion, _latest(sheet))
        if current:
            self._touch(opinion, _latest(current))
            self._cells[opinion.office, opinion.panes[-1]][id(opinion)] = opinion

    def _touch(self, opinion: Opinion, start: int) -> None:
        """Make a pane the last one of an opinion, and publish it."""
        cell = (opinion.office, start)
        if start in opinion.panes:
            opinion.panes.remove(start)
        else:
            self._versions[cell] += opinion.version
        opinion.panes.append(start)
        self._cells.setdefault(cell, {})
        self._changed.add(cell)

    def _remove(self, opinion: Opinion) -> None:
        if opinion.panes:
            cell = (opinion.office, opinion.panes[-1])
            if self._cells[cell].pop(id(opinion), None) is not None:
                self._changed.add(cell)

    def changes(self) -> Iterator[OfficeCount]:
        """Cells that changed since the last call, in order of time."""
        for cell in sorted(self._changed, key=lambda cell: (cell[1], cell[0])):
            yield self._record(cell)
        self._changed = set()

    def _record(self, cell: Cell) -> OfficeCount:
        office, start = cell
        dissatisfied = 0
        drivers: Counter[str] = Counter()
        scores: Counter[str] = Counter()
        enterprises: set[str] = set()
        satisfied: set[str] = set()
        complaints: list[str] = []
        opinions = self._cells[cell].values()
        for opinion in opinions:
            said = opinion.said()
            scores.update(f"{fact.target}:{fact.target_id}" for fact in said if fact.target in _TESTED)
            low = [fact for fact in said if fact.score <= DISSATISFIED]
            enterprise = max(fact.tax_code or "" for fact in opinion.current())
            if not low:
                satisfied.add(enterprise)
                continue
            dissatisfied += 1
            enterprises.add(enterprise)
            complaints += _complaints(opinion)
            for fact in low:
                if fact.target != Target.OFFICE:
                    drivers[f"{fact.target}:{fact.target_id}"] += 1
                if fact.reason is not None:
                    drivers[f"REASON:{fact.reason}"] += 1
        return OfficeCount(
            office=office,
            pane_start=start,
            version=self._versions[cell],
            opinions=len(opinions),
            dissatisfied=dissatisfied,
            enterprises=tuple(sorted(enterprises)),
            drivers=dict(sorted(drivers.items())),
            scores=dict(sorted(scores.items())),
            complaint_ids=tuple(sorted(complaints)),
            satisfied_enterprises=tuple(sorted(satisfied)),
        )


def _latest(facts: Sequence[StoredFact]) -> int:
    """The pane in which the last of them was sent."""
    return pane_of(max(fact.submitted_at for fact in facts))


def _complaints(opinion: Opinion) -> Iterator[str]:
    """Ids of the complaints that an opinion opened: one for each sheet with a low score."""
    for sheet_id, group in opinion.groups.items():
        if any(fact.score <= DISSATISFIED for fact in group.current()):
            yield complaint_id(opinion.declaration, sheet_id, opinion.office)
