"""Files of criteria, grades and promised times."""

from __future__ import annotations

import pytest
from support.score_tables import Basis, HeldBy, load_commitments, load_criteria, load_grades

from schemas.reference.errors import ReferenceDataError
from schemas.reference.service import load_steps
from schemas.reference.tables import data_text


def test_points_and_grades_are_those_of_the_decision() -> None:
    """Groups have 18, 20, 22, 22 and 18 points, our four criteria theirs, and grades begin where they must."""
    groups = [sum(c.maximum for c in load_criteria().values() if c.group_no == number) for number in range(1, 6)]
    assert groups == [18, 20, 22, 22, 18]
    ours = {c.criterion: (c.maximum, c.full_at) for c in load_criteria().values() if c.basis is Basis.COMPUTED}
    assert ours == {"2.1": (20, 100), "5.2": (6, 100), "5.3": (6, 100), "5.4": (6, 90)}
    assert [grade.from_points for grade in load_grades().values()] == [90, 80, 70, 50, 0]


def test_criteria_are_numbered_as_in_the_formula_document() -> None:
    """What the document numbers has its number here, and its points; all others say that their number is ours."""
    criteria = load_criteria()
    named = {number: (criteria[number].name_en, criteria[number].maximum) for number in ("3.2", "4.3", "4.4", "4.5")}
    assert named == {
        "3.2": ("Online services with dossiers", 12),
        "4.3": ("Digitised information used again", 2),
        "4.4": ("Data shared for use by others", 4),
        "4.5": ("Use of the national population database", 4),
    }
    ours = {number for number, one in criteria.items() if one.group_no in (3, 4) and "ours" in one.source}
    assert ours >= {"3.3", "4.1", "4.2", "4.6"}


def test_limits_are_those_of_the_steps_that_can_be_rated() -> None:
    """A promised time and the limit of the same step say the same, so that no two views disagree."""
    limits = {name: step.limit_minutes for name, step in load_steps().items()}
    for name in ("DOCUMENT_CHECK", "GOODS_INSPECTION"):
        assert load_commitments()[name].amount == limits[name]
        assert load_commitments()[name].held_by is HeldBy.STATUSES


@pytest.mark.parametrize(
    ("file", "old", "new", "load", "problem"),
    [
        ("score_criteria.csv", ",20,100,", ",19,100,", load_criteria, "100 in all"),
        ("score_criteria.csv", ",6,90,", ",6,190,", load_criteria, "percentage"),
        ("score_criteria.csv", ",C,C,U,", ",C,C,,", load_criteria, "reading_confidence"),
        ("score_criteria.csv", "5.3,5,", "5.2,5,", load_criteria, "twice"),
        ("score_grades.csv", ",70,", ",80,", load_grades, "fall"),
        ("score_grades.csv", ",0,C", ",1,C", load_grades, "fall"),
        ("service_commitments.csv", "WORKING_DAY", "FORTNIGHT", load_commitments, "FORTNIGHT"),
    ],
)
def test_a_broken_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str, load: object, problem: str
) -> None:
    """Points that are not 100, a hole below the lowest grade, a missing trust or an unknown word stop at once."""
    text = data_text(file)
    assert old in text
    monkeypatch.setattr("schemas.reference.tables.data_text", lambda _file: text.replace(old, new))
    with pytest.raises(ReferenceDataError, match=problem):
        load.__wrapped__()  # type: ignore[attr-defined]  # past its cache
