"""Missing, extra and wrong rows of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Row = tuple[Hashable, Any]
"""Natural key and everything else."""

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Difference:
    """Differences of one table from its expected rows.

    Attributes:
        table: Which.
        rows: Number of expected rows.
        lost: Expected keys that are missing.
        doubled: Unexpected keys, and repeats of expected ones.
        differing: Keys with another content; each counts as one lost and one doubled.
        examples: The first few, for people.
    """

    table: str
    rows: int
    lost: int = 0
    doubled: int = 0
    differing: int = 0
    examples: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether there is none."""
        return not (self.lost or self.doubled or self.differing)


def difference(table: str, stored: Iterable[Row], expected: Mapping[Any, Any]) -> Difference:
    """Compare a table with its expected rows.

    Args:
        table: Its name.
        stored: Its rows; a key may come twice.
        expected: Expected content by key.
    """
    seen: Counter[Hashable] = Counter()
    strange, wrong = [], []
    for key, content in stored:
        seen[key] += 1
        if key not in expected:
            strange.append(f"too much: {key} {content}")
        elif seen[key] == 1 and content != expected[key]:
            wrong.append(f"differs: {key} {content} instead of {expected[key]}")
    lost = [f"lost: {key} {content}" for key, content in expected.items() if key not in seen]
    repeats = sum(times - 1 for key, times in seen.items() if key in expected)
    return Difference(
        table=table,
        rows=len(expected),
        lost=len(lost),
        doubled=len(strange) + repeats,
        differing=len(wrong),
        examples=(*lost[:_EXAMPLES], *strange[:_EXAMPLES], *wrong[:_EXAMPLES]),
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """All tables of one round.

    Attributes:
        differences: One for each table.
    """

    differences: tuple[Difference, ...]

    @property
    def equal(self) -> bool:
        """Whether every table is as expected."""
        return all(one.equal for one in self.differences)

    @property
    def lost(self) -> int:
        """Rows that are missing or wrong."""
        return sum(one.lost + one.differing for one in self.differences)

    @property
    def doubled(self) -> int:
        """Rows that are too many or wrong."""
        return sum(one.doubled + one.differing for one in self.differences)

    @property
    def rows(self) -> int:
        """Rows that were compared."""
        return sum(one.rows for one in self.differences)

    def examples(self) -> list[str]:
        """A few differences of each table."""
        return [f"{one.table}: {text}" for one in self.differences for text in one.examples]
