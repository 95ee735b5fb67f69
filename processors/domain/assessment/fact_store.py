"""The view over `rated-service`: the newest version of every fact, and what they form together.

A *group* is what one sheet says about one office: the unit of a complaint. An *opinion* is what one enterprise says
about one office by one declaration: the groups of all its sheets there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from schemas.records.facts import Counts, MatchState, RatedService


class StoredFact(NamedTuple):
    """What the assessment keeps of a fact: facts are never forgotten, so each byte counts. Fields as in the fact.

    Only `counts` is also false for a superseded fact.
    """

    fact_id: str
    version: int
    counts: bool
    revision: int
    declaration_no: str
    submitted_at: int
    target: str
    office: str
    target_id: str
    score: int
    reason: str | None
    score_since: Counts
    has_comment: bool
    has_contact: bool
    tax_code: str | None
    content_since: int | None
    allegations: tuple[str, ...]

    @classmethod
    def of(cls, fact: RatedService) -> StoredFact:
        """The fact, with one object for each text that repeats."""
        kept = (sys.intern(one) if type(one) is str else one for one in _kept_fields(fact))
        counts = fact.counts and fact.state != MatchState.SUPERSEDED
        return cls._make((fact.fact_id, fact.version, counts, *kept))


_kept_fields = attrgetter(*StoredFact._fields[3:])


@dataclass(slots=True)
class Opinion:
    """What is said about one office by one declaration. Only its own enterprise counts, so it is one enterprise's.

    Attributes:
        declaration: Key of the declaration, 11 digits.
        groups: What each sheet says, by sheet id.
        panes: Every pane in which the opinion, or one of its sheets, was ever the latest word; the current one is last.
    """

    declaration: str
    office: str
    groups: dict[str, Group] = field(default_factory=dict)
    panes: list[int] = field(default_factory=list)

    @property
    def version(self) -> int:
        """Grows whenever a fact does: the sum of their versions."""
        return sum(group.version for group in self.groups.values())

    def current(self) -> list[StoredFact]:
        """What counts now: facts of the latest revision of each sheet."""
        return [fact for group in self.groups.values() for fact in group.current()]

    def others_about(self, change: Change) -> list[StoredFact]:
        """What other sheets say, or said, about the target of a changed fact."""
        if len(self.groups) == 1:
            return []
        target = (change.after.target, change.after.target_id)
        others = (group for group in self.groups.values() if group is not change.group)
        return [fact for one in others for fact in one.facts.values() if (fact.target, fact.target_id) == target]

    def said(self) -> list[StoredFact]:
        """One fact for each target: the lowest score that it is given now, of these the one that was sent last."""
        lowest: dict[tuple[str, str], StoredFact] = {}
        for fact in self.current():
            target = (fact.target, fact.target_id)
            known = lowest.get(target)
            if known is None or _weight(fact) < _weight(known):
                lowest[target] = fact
        return list(lowest.values())


def _weight(fact: StoredFact) -> tuple[int, int, str]:
    return fact.score, -fact.submitted_at, fact.reason or ""


@dataclass(slots=True)
class Group:
    """Facts of one sheet about one office: a part of an opinion.

    Attributes:
        opinion: The opinion that it is a part of.
        facts: Newest version of each fact, by fact id.
        remarked: Whether it ever was a remark, which has to be withdrawn when it is none any more.
    """

    opinion: Opinion
    sheet_id: str
    facts: dict[str, StoredFact] = field(default_factory=dict)
    remarked: bool = False

    @property
    def declaration(self) -> str:
        """Key of the declaration, 11 digits."""
        return self.opinion.declaration

    @property
    def office(self) -> str:
        """The office."""
        return self.opinion.office

    @property
    def version(self) -> int:
        """Grows whenever a fact does: the sum of their versions."""
        return sum(fact.version for fact in self.facts.values())

    @property
    def newest(self) -> StoredFact:
        """A fact of the latest revision that the group has."""
        return max(self.facts.values(), key=lambda fact: (fact.revision, fact.version, fact.counts))

    def current(self) -> list[StoredFact]:
        """Facts of the latest revision of the sheet, ordered by id; none if the sheet does not count."""
        return [fact for _id, fact in sorted(self.facts.items()) if fact.counts]


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that is new, or newer than the known version.

    Attributes:
        group: The group it belongs to, the new fact included.
        before: The version known before, if any.
        after: The new version.
    """

    group: Group
    before: StoredFact | None
    after: StoredFact

    @property
    def material(self) -> bool:
        """Whether the opinion or the complaint of the group may have changed.

        Both are published again after every such change, even when they end up as before the batch: a worker that died
        may have published an intermediate state, and only a higher version replaces it.
        """
        return self.before is None or _sheet_side(self.before) != _sheet_side(self.after)


_sheet_side = attrgetter(
    *("counts", "revision", "declaration_no", "tax_code", "submitted_at", "score", "reason", "score_since"),
    *("has_comment", "has_contact", "content_since", "allegations"),
)
"""All of a fact except its version and its declaration."""


class FactStore:
    """All known facts of one partition."""

    def __init__(self) -> None:
        self._opinions: dict[tuple[str, str], Opinion] = {}

    def add_facts(self, facts: Iterable[RatedService]) -> Iterator[Change]:
        """Add facts and return the changes. Repeated facts and older versions change nothing."""
        for fact in facts:
            about = (fact.declaration_no[:11], fact.office)
            opinion = self._opinions.get(about)
            if opinion is None:
                opinion = self._opinions[about] = Opinion(*about)
            group = opinion.groups.get(fact.sheet_id)
            if group is None:
                group = opinion.groups[fact.sheet_id] = Group(opinion, fact.sheet_id)
            before = group.facts.get(fact.fact_id)
            if before is None or fact.version > before.version:
                after = group.facts[fact.fact_id] = StoredFact.of(fact)
                yield Change(group, before, after)

    def __len__(self) -> int:
        """How many opinions are known."""
        return len(self._opinions)
