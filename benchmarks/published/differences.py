"""How two tables differ."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.published.expected import Table

_EXAMPLES = 3


@dataclass(slots=True)
class Comparison:
    """One result, as expected and as found.

    Attributes:
        name: Name of the result.
        rows: Rows expected.
        digest: Of the rows found, to compare runs with each other.
        missing: Rows that were not found.
        unexpected: Rows found that were not expected.
        differing: For each column, the rows in which it differs.
        examples: The first differences, in words.
    """

    name: str
    rows: int
    digest: str
    missing: int = 0
    unexpected: int = 0
    differing: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether there is no difference."""
        return not (self.missing or self.unexpected or self.differing)


def compare(name: str, columns: tuple[str, ...], expected: Table, found: Table) -> Comparison:
    """Compare two tables row by row and column by column."""
    result = Comparison(name, len(expected), _digest(found))
    for key in expected.keys() | found.keys():
        if key not in found:
            result.missing += 1
            _example(result, f"{_words(key)}: missing")
        elif key not in expected:
            result.unexpected += 1
            _example(result, f"{_words(key)}: not expected")
        else:
            for column, one, other in zip(columns, expected[key], found[key], strict=True):
                if one != other:
                    result.differing[column] += 1
                    _example(result, f"{_words(key)}: {column} is {other}, expected {one}")
    return result


def _example(result: Comparison, text: str) -> None:
    if len(result.examples) < _EXAMPLES:
        result.examples.append(text)


def _words(key: tuple[object, ...]) -> str:
    return " ".join(str(part) for part in key)


def _digest(table: Table) -> str:
    rows = sorted(repr((key, values)) for key, values in table.items())
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:8]
