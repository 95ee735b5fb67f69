"""Finds complaints that follow another one about the same official, at the same office, within thirty days.

An official is known by office and id. Other offices may lie in other partitions: what joined them would depend on how
many partitions there are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from processors.domain.assessment.fact_store import Group
from processors.domain.spikes.policy import DAY_MS

REPEAT_WINDOW_MS = 30 * DAY_MS
"""Ours: we found no rule for how long a second complaint about an official counts as a repeat."""


@dataclass(slots=True)
class _ComplaintEntry:
    """The newest state of a complaint.

    Attributes:
        group: Its facts.
        opened_at: When it was opened.
        stands: Whether it holds a low score now.
        officials: Officials who ever had a low score in it.
    """

    group: Group
    opened_at: int
    stands: bool
    officials: frozenset[str]


class RepeatComplaints:
    """Complaints of one partition by office and official they are about."""

    def __init__(self) -> None:
        self._entries: dict[int, _ComplaintEntry] = {}
        self._by_official: dict[tuple[str, str], set[int]] = {}

    def record(self, group: Group, opened_at: int, officials: Collection[str], *, stands: bool) -> None:
        """Store the newest state of a complaint."""
        identity = id(group)
        known = self._entries.get(identity)
        # Officials are never removed: the version of a complaint counts related complaints and must not fall.
        everyone = frozenset(officials) if known is None else known.officials.union(officials)
        self._entries[identity] = _ComplaintEntry(group, opened_at, stands, everyone)
        for official in everyone:
            self._by_official.setdefault((group.office, official), set()).add(identity)

    def _others(self, group: Group) -> list[_ComplaintEntry]:
        entry = self._entries.get(id(group))
        if entry is None:
            return []
        found = {one for official in entry.officials for one in self._by_official[group.office, official]}
        return [self._entries[identity] for identity in found - {id(group)}]

    def related(self, group: Group) -> list[Group]:
        """The other complaints about the same officials there, which may change when this one does."""
        return [entry.group for entry in self._others(group)]

    def weight(self, group: Group) -> int:
        """Sum of the versions of related complaints, which is part of the version of this one."""
        return sum(entry.group.version for entry in self._others(group))

    def is_repeat(self, group: Group, opened_at: int) -> bool:
        """Whether a standing complaint about one of its officials was opened in the thirty days before."""
        key = (group.declaration, group.sheet_id)
        for entry in self._others(group):
            earlier = (entry.opened_at, entry.group.declaration, entry.group.sheet_id) < (opened_at, *key)
            if entry.stands and earlier and opened_at - entry.opened_at <= REPEAT_WINDOW_MS:
                return True
        return False
