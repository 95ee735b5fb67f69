"""The figures of the report, each read from ClickHouse by a query that shares no code with the workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Query = Callable[[str], Sequence[tuple[Any, ...]]]
"""Runs a query in ClickHouse and returns its rows."""

UNTIL = "toDateTime64('2020-05-07 00:00:00', 3, 'Asia/Ho_Chi_Minh')"
FROM = "toDateTime64('2020-04-01 00:00:00', 3, 'Asia/Ho_Chi_Minh')"

_REGISTERED = f"""
SELECT DISTINCT declaration FROM declaration_status FINAL
WHERE status = 'REGISTERED' AND occurred_at >= {FROM} AND occurred_at < {UNTIL}
"""  # noqa: S608 built from constants

_RESPONSE = f"""
WITH registered AS ({_REGISTERED})
SELECT (SELECT count() FROM registered),
       (SELECT uniqExact(declaration) FROM rating FINAL WHERE submitted_at < {UNTIL} AND declaration IN registered)
"""  # noqa: S608 built from constants

_OPINIONS = """
SELECT count(), countIf(level >= 4)
FROM (SELECT min(score) AS level FROM rated_service FINAL WHERE state != 'SUPERSEDED' AND counts GROUP BY declaration)
"""

_COMPLAINTS_EXPECTED = "SELECT uniqExact(declaration, sheet_id, office) FROM rating_item FINAL WHERE score <= 2"

_FEEDBACK_EXPECTED = """
SELECT uniqExact(declaration, sheet_id, office) FROM rating_item FINAL
WHERE score <= 2 AND (declaration, sheet_id) IN
    (SELECT declaration, sheet_id FROM rating FINAL WHERE comment_length > 0 AND (has_contact OR tax_code != ''))
"""

_CASES = """
SELECT countIf(track = 'SIGNAL'), countIf(track NOT IN ('SIGNAL', 'REMARK')), countIf(track = 'REMARK')
FROM complaint_case FINAL
"""

_EVENTS = """
SELECT (SELECT count() FROM log_position FINAL WHERE topic IN ('declaration-status', 'rating', 'complaint-action')),
       (SELECT count() FROM dead_letter FINAL)
"""

_ALERTS = """
SELECT office, detector, state, raised_at, cleared_at, opinions, dissatisfied, enterprises, expected, tail_probability,
       summary_vi, summary_en, window_seconds
FROM alert FINAL WHERE state != 'RETRACTED' ORDER BY raised_at
"""

_HANDLING = """
SELECT uniqExactIf(complaint_id, kind = 'ACCEPTED'), countIf(kind = 'ACCEPTED'), countIf(kind = 'REFUSED'),
       countIf(kind = 'ACCEPTED' AND action = 'ANSWER')
FROM complaint_event FINAL
"""

_HANDLED_IN_TIME = """
WITH track = 'SIGNAL' AS signal
SELECT countIf(clock_standing = 'MET' AND NOT signal), countIf(clock_standing = 'MET_LATE' AND NOT signal),
       countIf(clock_standing = 'MET' AND signal), countIf(clock_standing = 'MET_LATE' AND signal)
FROM v_case_clocks
"""

_HANDLING_RATED = "SELECT count(), ifNull(avg(handling_score), 0) FROM v_cases WHERE handling_score IS NOT NULL"

_SPIKE_STARTED = """
SELECT min(submitted_at) FROM rating_item FINAL
WHERE office = '{office}' AND score <= 2 AND submitted_at <= fromUnixTimestamp64Milli({raised_at})
  AND submitted_at > fromUnixTimestamp64Milli({raised_at} - {window_seconds} * 1000)
"""

_OFFICES = """
SELECT office, count(), countIf(level >= 4), countIf(level <= 2)
FROM (
    SELECT office, min(score) AS level FROM rated_service FINAL
    WHERE state != 'SUPERSEDED' AND counts GROUP BY office, declaration
)
GROUP BY office ORDER BY count() DESC, office
"""


@dataclass(frozen=True, slots=True)
class OfficeFigures:
    """The opinions about one office: what is said by one declaration, as bad as the lowest of its scores."""

    office: str
    opinions: int
    satisfied: int  # level 4 or 5
    dissatisfied: int  # level 1 or 2


@dataclass(frozen=True, slots=True)
class AlertFigures:
    """One alert with its evidence."""

    office: str
    detector: str
    state: str
    raised_at: datetime
    cleared_at: datetime | None
    first_dissatisfied_at: datetime | None
    opinions: int
    dissatisfied: int
    enterprises: int
    expected: float
    tail_probability: float
    summary_vi: str
    summary_en: str


@dataclass(frozen=True, slots=True)
class HandlingFigures:
    """How the complaints were handled."""

    handled: int  # complaints with at least one action
    actions: int  # accepted ones
    refused: int
    answers: int  # to enterprises
    in_time: int  # limits of feedback
    late: int
    signals_in_time: int  # house limits of signals
    signals_late: int
    rated: int  # complaints whose handling the enterprise rated
    mean_score: float  # of these; 0 without any


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of the report."""

    declarations: int  # registered from 1 April to 6 May 2020
    rated: int  # of them by 6 May
    opinions: int  # declarations with a sheet that counts
    satisfied: int  # of them at level 4 or 5
    complaints_opened: int
    complaints_expected: int  # pairs of sheet and office with a score of 1 or 2, counted in the raw ratings
    signals: int  # complaints that are a low score alone
    feedback: int  # complaints with content
    remarks: int  # comments on sheets without a low score at the office
    feedback_expected: int  # pairs as above whose sheet has a text and says who it is from, counted in the raw ratings
    handling: HandlingFigures
    accepted: int  # records of the input topics that are in ClickHouse
    dead_letters: int
    alerts: tuple[AlertFigures, ...]  # in the order of raising
    offices: tuple[OfficeFigures, ...]  # the most rated first

    @property
    def events(self) -> int:
        """All records that came in, bad ones included."""
        return self.accepted + self.dead_letters

    @property
    def response_rate_percent(self) -> float:
        """Share of declarations that were rated."""
        return round(100 * self.rated / self.declarations, 2) if self.declarations else 0.0

    @property
    def satisfied_percent(self) -> float:
        """Share of opinions that are satisfied or better."""
        return round(100 * self.satisfied / self.opinions, 1) if self.opinions else 0.0


def collect(query: Query) -> Figures:
    """Read all figures."""
    (declarations, rated), (opinions, satisfied) = query(_RESPONSE)[0], query(_OPINIONS)[0]
    accepted, dead_letters = query(_EVENTS)[0]
    signals, feedback, remarks = query(_CASES)[0]
    return Figures(
        declarations=declarations,
        rated=rated,
        opinions=opinions,
        satisfied=satisfied,
        complaints_opened=query("SELECT count() FROM complaint FINAL WHERE case_track != 'REMARK'")[0][0],
        complaints_expected=query(_COMPLAINTS_EXPECTED)[0][0],
        signals=signals,
        feedback=feedback,
        remarks=remarks,
        feedback_expected=query(_FEEDBACK_EXPECTED)[0][0],
        handling=HandlingFigures(*query(_HANDLING)[0], *query(_HANDLED_IN_TIME)[0], *query(_HANDLING_RATED)[0]),
        accepted=accepted,
        dead_letters=dead_letters,
        alerts=tuple(_alert(query, row) for row in query(_ALERTS)),
        offices=tuple(OfficeFigures(*row) for row in query(_OFFICES)),
    )


def _alert(query: Query, row: tuple[Any, ...]) -> AlertFigures:
    office, detector, state, raised_at, cleared_at, *evidence, window_seconds = row
    raised_ms = round(raised_at.timestamp() * 1000)
    started = query(_SPIKE_STARTED.format(office=office, raised_at=raised_ms, window_seconds=window_seconds))[0][0]
    return AlertFigures(office, detector, state, raised_at, cleared_at, started, *evidence)
