"""The codes of a rating: procedure steps with their legal limits, the five scores, reasons for a low score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from schemas.reference.tables import Confidence, Row, read_keyed


@dataclass(frozen=True, slots=True)
class Step:
    """A procedure step (khâu nghiệp vụ) that can be rated. The codes are ours.

    Attributes:
        limit_minutes: Legal limit in working minutes; 0 means at once (less than one minute); None: no limit known.
        clock_starts: What starts the limit; None without one.
        limit_confidence: Trust in the limit; None without one.
        limit_source: The article of law; None without one.
        confidence: Trust in the step itself.
    """

    step: str
    name_vi: str
    name_en: str
    limit_minutes: int | None
    clock_starts: str | None
    limit_confidence: Confidence | None
    limit_source: str | None
    confidence: Confidence
    source: str


class ScoreGroup(StrEnum):
    """Groups of scores, whose shares are reported."""

    SATISFIED = "SATISFIED"
    NEUTRAL = "NEUTRAL"
    DISSATISFIED = "DISSATISFIED"


@dataclass(frozen=True, slots=True)
class Score:
    """One of the five scores.

    Attributes:
        score: 1 (worst) to 5 (best).
        group: The group it counts in.
    """

    score: int
    name_vi: str
    name_en: str
    group: ScoreGroup
    confidence: Confidence
    source: str


@dataclass(frozen=True, slots=True)
class ScoreReason:
    """A reason that an enterprise can pick for a low score. All are ours.

    Attributes:
        factor: One of the five SIPAS factors, or LATENESS, ATTITUDE, HARASSMENT, OTHER.
        sensitive: Whether it accuses a person of breaking the law: restricted data.
    """

    reason: str
    factor: str
    name_vi: str
    name_en: str
    sensitive: bool
    confidence: Confidence
    source: str


def _step(row: Row) -> Step:
    step = row.record(Step, {"step": "[A-Z_]+"})
    limit = (step.clock_starts, step.limit_confidence, step.limit_source)
    if (None in limit) if step.limit_minutes is not None else any(limit):
        raise row.fail("limit_minutes, clock_starts, limit_confidence and limit_source belong together")
    return step


@cache
def load_steps() -> Mapping[str, Step]:
    """Steps by code, in the order of the procedure. Raises ReferenceDataError when the file is broken."""
    return read_keyed("steps.csv", Step, _step)


@cache
def load_rating_scale() -> Mapping[int, Score]:
    """Scores by number. Raises ReferenceDataError when the file is broken."""
    return read_keyed("rating_scale.csv", Score, lambda row: row.record(Score, {"score": "[1-5]"}))


@cache
def load_reasons() -> Mapping[str, ScoreReason]:
    """Reasons for low scores by code. Raises ReferenceDataError when the file is broken."""
    patterns = {"reason": "[A-Z_]+", "factor": "[A-Z_]+"}
    return read_keyed("reasons.csv", ScoreReason, lambda row: row.record(ScoreReason, patterns))
