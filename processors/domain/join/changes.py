"""The sheets that a batch changed, with the state of their declarations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from processors.domain.join.as_of import States
from processors.domain.join.sheet_store import StoredSheet


class Changes(NamedTuple):
    """Sheets to publish.

    Attributes:
        sheets: The sheets.
        versions: Version of the facts of each.
        gone: For each whether its declaration is not known and may have been deleted from the log.
        states: The declaration of each, as of its latest revision.
    """

    sheets: Sequence[StoredSheet]
    versions: Sequence[int]
    gone: Sequence[bool]
    states: States

    @classmethod
    def none(cls) -> Changes:
        """No sheet."""
        return cls((), (), (), States.none())

    def slices(self, most: int) -> Iterator[Changes]:
        """The same in parts of so many sheets."""
        for first in range(0, len(self.sheets), most):
            some = slice(first, first + most)
            states = States._make(column[some] for column in self.states)
            yield Changes(self.sheets[some], self.versions[some], self.gone[some], states)

    def and_then(self, others: Changes) -> Changes:
        """These, and then the others."""
        sheets, versions = [*self.sheets, *others.sheets], [*self.versions, *others.versions]
        return Changes(sheets, versions, [*self.gone, *others.gone], self.states.and_then(others.states))
