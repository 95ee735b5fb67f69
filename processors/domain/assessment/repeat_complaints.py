"""Which complaints follow another one about the same official within thirty days."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from processors.domain.assessment.fact_store import Group
from processors.domain.spikes.policy import DAY_MS

REPEAT_WINDOW_MS = 30 * DAY_MS
"""Ours: no rule was found that says after how long a second complaint about an official still counts as one."""


@dataclass(slots=True)
class _Noted:
    """A complaint as it was last noted.

    Attributes:
        group: What it is about.
        opened_at: When it was opened.
        stands: Whether a low score stands now.
        officials: Officials who ever had a low score in it.
    """

    group: Group
    opened_at: int
    stands: bool
    officials: frozenset[str]


class RepeatBook:
    """Complaints of one partition by the officials they are about."""

    def __init__(self) -> None:
        self._noted: dict[int, _Noted] = {}
        self._by_official: dict[str, set[int]] = {}

    def note(self, group: Group, opened_at: int, officials: Collection[str], *, stands: bool) -> None:
        """Remember a complaint as it is now."""
        identity = id(group)
        known = self._noted.get(identity)
        # Never forgotten: the version of a complaint counts those about the same officials and must not fall.
        everyone = frozenset(officials) if known is None else known.officials.union(officials)
        self._noted[identity] = _Noted(group, opened_at, stands, everyone)
        for official in everyone:
            self._by_official.setdefault(official, set()).add(identity)

    def _others(self, group: Group) -> list[_Noted]:
        noted = self._noted.get(id(group))
        if noted is None:
            return []
        found = {identity for official in noted.officials for identity in self._by_official[official]} - {id(group)}
        return [self._noted[identity] for identity in found]

    def related(self, group: Group) -> list[Group]:
        """The other complaints about the same officials, which may read differently when this one changes."""
        return [noted.group for noted in self._others(group)]

    def weight(self, group: Group) -> int:
        """Sum of the versions of the related: what they add to the version of this one."""
        return sum(noted.group.version for noted in self._others(group))

    def is_repeat(self, group: Group, opened_at: int) -> bool:
        """Whether another complaint about one of its officials that stands was opened in the thirty days before."""
        key = (group.declaration, group.sheet_id)
        for noted in self._others(group):
            earlier = (noted.opened_at, noted.group.declaration, noted.group.sheet_id) < (opened_at, *key)
            if noted.stands and earlier and opened_at - noted.opened_at <= REPEAT_WINDOW_MS:
                return True
        return False
