from __future__ import annotations

from pathlib import Path

from producers.files.rejection_kinds import MAX_KINDS, SHOWN_OF_A_KIND, RejectionKinds
from producers.files.report import STANDARD_INPUT, Rejection
from schemas.errors import Reason


def rejection(line: int, field: str = "office", rule: str = "must be good", path: Path = Path("a.csv")) -> Rejection:
    """One rejection."""
    return Rejection(path, line, field, Reason.BAD_FIELD, rule)


def test_a_mistake_in_every_line_is_told_in_a_few() -> None:
    """The first of a kind are shown, the others counted, with first and last line."""
    kinds = RejectionKinds()
    shown = [kinds.take(rejection(line)) for line in range(2, 8002)]
    assert sum(shown) == SHOWN_OF_A_KIND
    assert all(shown[:SHOWN_OF_A_KIND])
    assert list(kinds.hidden()) == ["in all 8,000 x office must be good (a.csv, lines 2 to 8,001)"]


def test_a_kind_is_what_has_one_cause() -> None:
    """Positions and counts in field and rule make no new kind; another file, field or rule does."""
    kinds = RejectionKinds()
    for line in range(10):
        kinds.take(rejection(line, f"items[{line}].score", f"must have {line} values"))
    kinds.take(rejection(1, path=STANDARD_INPUT))
    assert [kind.count for kind in kinds.by_frequency()] == [10, 1]
    assert "(standard input, line 1)" in str(kinds.by_frequency()[1])


def test_the_number_of_kinds_is_bounded() -> None:
    """A hostile file that breaks a rule in ever new fields is told in a bounded number of lines."""
    kinds = RejectionKinds()
    names = ["".join(chr(97 + int(digit)) for digit in str(n)) for n in range(5000)]
    shown = [kinds.take(rejection(1, name)) for name in names]
    assert sum(shown) == MAX_KINDS
    assert list(kinds.hidden()) == [f"and {5000 - MAX_KINDS:,} of other kinds"]
