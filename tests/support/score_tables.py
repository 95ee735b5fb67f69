"""The tables behind the scores, read and checked: Decision 766/QĐ-TTg, and promised times of steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise

from schemas.reference.errors import ReferenceDataError
from schemas.reference.tables import Confidence, Row, read_keyed

_CRITERIA = "score_criteria.csv"
_GRADES = "score_grades.csv"
_COMMITMENTS = "service_commitments.csv"


class Basis(StrEnum):
    """Whether we compute the figures of a criterion or a person enters them."""

    COMPUTED = "COMPUTED"
    ENTERED = "ENTERED"


class PromiseUnit(StrEnum):
    """What a promised time is counted in."""

    WORKING_MINUTE = "WORKING_MINUTE"
    WORKING_DAY = "WORKING_DAY"
    CALENDAR_DAY = "CALENDAR_DAY"


class Promiser(StrEnum):
    """Who must keep a promised time."""

    CUSTOMS = "CUSTOMS"
    DECLARANT = "DECLARANT"


class HeldBy(StrEnum):
    """Which of our data contain start and end of a promised time."""

    STATUSES = "STATUSES"
    CASES = "CASES"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion of Decision 766/QĐ-TTg.

    Attributes:
        criterion: Its number, e.g. 5.4.
        group_no: Its group, 1 to 5.
        name_vi: Vietnamese name.
        name_en: English name.
        maximum: Its points.
        full_at: Percentage from which all points are given; 100: simple proportion; None: only the points are known.
        basis: Where its figures come from.
        formula: Numerator and denominator in words.
        points_confidence: Trust in `maximum`.
        rule_confidence: Trust in `full_at`.
        reading_confidence: Trust that our data measure what the Decision counts; None: not computed from our data.
        source: Where it comes from.
    """

    criterion: str
    group_no: int
    name_vi: str
    name_en: str
    maximum: int
    full_at: int | None
    basis: Basis
    formula: str
    points_confidence: Confidence
    rule_confidence: Confidence
    reading_confidence: Confidence | None
    source: str


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade by total points.

    Attributes:
        grade: Its code; ours.
        name_vi: Vietnamese name.
        name_en: English name.
        from_points: The lowest total that has it.
        confidence: Trust in the boundary.
        source: Where it comes from.
    """

    grade: str
    name_vi: str
    name_en: str
    from_points: int
    confidence: Confidence
    source: str


@dataclass(frozen=True, slots=True)
class Commitment:
    """A time that was promised for a step.

    Attributes:
        step: Its code; ours.
        name_vi: Vietnamese name.
        name_en: English name.
        unit: What the time is counted in.
        amount: Number of units.
        who: Who must keep it.
        held_by: Which data contain start and end.
        starts: The starting event.
        ends: The ending event.
        confidence: Trust in the limit.
        mapping_confidence: Trust in our reading of start and end.
        source: Where the limit comes from.
    """

    step: str
    name_vi: str
    name_en: str
    unit: PromiseUnit
    amount: int
    who: Promiser
    held_by: HeldBy
    starts: str
    ends: str
    confidence: Confidence
    mapping_confidence: Confidence
    source: str


def _criterion(row: Row) -> Criterion:
    patterns = {"criterion": r"[1-5]\.[1-9]", "group_no": "[1-5]"}
    criterion = row.record(Criterion, patterns)
    if criterion.full_at is not None and not 1 <= criterion.full_at <= 100:
        raise row.fail("full_at must be a percentage from 1 to 100")
    if (criterion.reading_confidence is None) == (criterion.basis is Basis.COMPUTED):
        raise row.fail("reading_confidence belongs to computed criteria, and to them alone")
    return criterion


@cache
def load_criteria() -> Mapping[str, Criterion]:
    """Criteria by number.

    Raises:
        ReferenceDataError: The file is broken, or the points are not 100 in all.
    """
    found = read_keyed(_CRITERIA, Criterion, _criterion)
    if sum(criterion.maximum for criterion in found.values()) != 100:
        raise ReferenceDataError(_CRITERIA, None, "the points must be 100 in all")
    return found


@cache
def load_grades() -> Mapping[str, Grade]:
    """Grades by code, the best first.

    Raises:
        ReferenceDataError: The file is broken, or some total has no grade.
    """
    found = read_keyed(_GRADES, Grade, lambda row: row.record(Grade, {"grade": "[A-Z]+"}))
    points = [grade.from_points for grade in found.values()]
    if not points or points[-1] != 0 or any(better <= worse for better, worse in pairwise(points)):
        raise ReferenceDataError(_GRADES, None, "the grades must fall from the best to the one that begins at 0")
    return found


@cache
def load_commitments() -> Mapping[str, Commitment]:
    """Promised times by step. Raises ReferenceDataError when the file is broken."""
    patterns = {"step": "[A-Z_]+"}
    return read_keyed(_COMMITMENTS, Commitment, lambda row: row.record(Commitment, patterns))
