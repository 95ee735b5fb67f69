"""Rejections by kind: a file of a million lines with one mistake in each is told in a few lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from producers.files.report import Rejection, shown

SHOWN_OF_A_KIND = 5
MAX_KINDS = 200
"""Kinds that are told apart; bounds the memory, and how much a hostile file can print."""

_NUMBERS = re.compile(r"[0-9][0-9,]*")


@dataclass(slots=True)
class RejectionKind:
    """The rejections of one file that have the same cause."""

    first: Rejection
    count: int = 0
    last_line: int = 0

    def __str__(self) -> str:
        """One line for a person."""
        lines = f"lines {self.first.line:,} to {self.last_line:,}"
        where = f"line {self.first.line:,}" if self.count == 1 else lines
        return f"{self.count:,} x {self.first.field} {self.first.rule} ({shown(self.first.path)}, {where})"


class RejectionKinds:
    """Counts rejections by file, field and rule."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[object, ...], RejectionKind] = {}
        self._others = 0

    def take(self, rejection: Rejection) -> bool:
        """Count one; returns whether it is among the first of its kind."""
        about = (rejection.path, _NUMBERS.sub("", rejection.field), _NUMBERS.sub("", rejection.rule))
        kind = self._kinds.get(about)
        if kind is None:
            if len(self._kinds) >= MAX_KINDS:
                self._others += 1
                return False
            kind = self._kinds[about] = RejectionKind(rejection)
        kind.count += 1
        kind.last_line = rejection.line
        return kind.count <= SHOWN_OF_A_KIND

    def hidden(self) -> Iterator[str]:
        """What `take` said not to show: a line for each kind, the most frequent first."""
        kinds = [kind for kind in self.by_frequency() if kind.count > SHOWN_OF_A_KIND]
        yield from (f"in all {kind}" for kind in kinds)
        if self._others:
            yield f"and {self._others:,} of other kinds"

    def by_frequency(self) -> list[RejectionKind]:
        """The kinds, the most frequent first."""
        return sorted(self._kinds.values(), key=lambda kind: -kind.count)
