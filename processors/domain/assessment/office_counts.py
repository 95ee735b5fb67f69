"""Counts of opinions per office and pane: the input of the spike detector, which compares all offices.

An opinion is what one sheet says about one office; its level is the lowest of its scores there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from processors.domain.assessment.fact_store import Change, Group
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
        self._cells: dict[Cell, dict[int, Group]] = {}
        self._versions: Counter[Cell] = Counter()
        self._changed: set[Cell] = set()

    def apply(self, change: Change) -> None:
        """Apply one change of a fact to the counts."""
        group, identity = change.group, id(change.group)
        grown = change.after.version - (change.before.version if change.before else 0)
        for start in group.panes:
            self._versions[group.office, start] += grown
        if not change.material:
            return
        self._remove(identity, group)
        current = group.current()
        if not current:
            return
        start = pane_of(max(fact.submitted_at for fact in current))
        cell = (group.office, start)
        if start in group.panes:
            group.panes.remove(start)
        else:
            self._versions[cell] += group.version
        group.panes.append(start)
        self._cells.setdefault(cell, {})[identity] = group
        self._changed.add(cell)

    def _remove(self, identity: int, group: Group) -> None:
        if group.panes:
            cell = (group.office, group.panes[-1])
            if self._cells[cell].pop(identity, None) is not None:
                self._changed.add(cell)

    def changes(self) -> Iterator[OfficeCount]:
        """Cells that changed since the last call, in order of time."""
        for cell in sorted(self._changed, key=lambda cell: (cell[1], cell[0])):
            yield self._record(cell)
        self._changed = set()

    def _record(self, cell: Cell) -> OfficeCount:
        office, start = cell
        low: list[Group] = []
        drivers: Counter[str] = Counter()
        scores: Counter[str] = Counter()
        enterprises: set[str] = set()
        groups = self._cells[cell].values()
        for group in groups:
            current = group.current()
            scores.update(f"{fact.target}:{fact.target_id}" for fact in current if fact.target in _TESTED)
            scored = [fact for fact in current if fact.score <= DISSATISFIED]
            if not scored:
                continue
            low.append(group)
            enterprises.add(scored[0].tax_code or "")
            for fact in scored:
                if fact.target != Target.OFFICE:
                    drivers[f"{fact.target}:{fact.target_id}"] += 1
                if fact.reason is not None:
                    drivers[f"REASON:{fact.reason}"] += 1
        return OfficeCount(
            office=office,
            pane_start=start,
            version=self._versions[cell],
            opinions=len(groups),
            dissatisfied=len(low),
            enterprises=tuple(sorted(enterprises)),
            drivers=dict(sorted(drivers.items())),
            scores=dict(sorted(scores.items())),
            complaint_ids=tuple(sorted(complaint_id(g.declaration, g.sheet_id, office) for g in low)),
        )
