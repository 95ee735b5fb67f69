"""Who is satisfied or dissatisfied: one scale says so, and every view asks it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from clickhouse_driver import Client

from sinks.clickhouse.sql_files import view_files

OFFICES = ("03CC", "03CD", "03CE", "03EE", "03NK")
"""The office at which only the scores 1, 2, 3, 4, 5 are given."""

AT = datetime(2024, 10, 15, 3, tzinfo=UTC)
PERIOD = "first = '2024-10-01', last = '2024-11-01', as_of = '2024-12-01 00:00:00'"
SCORED = f"indexOf({list(OFFICES)}, office)"
QUESTIONS = {
    "v_rating_scale": "SELECT score, satisfied, dissatisfied FROM v_rating_scale",
    "v_opinions": "SELECT level, satisfied, dissatisfied FROM v_opinions",
    "v_sheets": "SELECT level, satisfied, dissatisfied FROM v_sheets",
    "v_opinions_by_department": "SELECT level, satisfied, dissatisfied FROM v_opinions_by_department",
    "v_opinions_by_office": "SELECT level, satisfied, dissatisfied FROM v_opinions_by_office",
    "v_opinion_context": "SELECT level, satisfied, dissatisfied FROM v_opinion_context",
    "v_scores": "SELECT score, satisfied, dissatisfied FROM v_scores",
    "v_satisfaction_now": f"SELECT {SCORED}, satisfied_share, dissatisfied_share FROM v_satisfaction_now"
    " WHERE window_seconds = 3600",
    "v_satisfaction_over_time": f"SELECT {SCORED}, satisfied_share, dissatisfied_share FROM v_satisfaction_over_time",
    "v_office_month": f"SELECT {SCORED}, satisfied_share, dissatisfied_share FROM v_office_month",
    "v_complaint_handling": f"SELECT {SCORED}, handling_satisfied_share, NULL FROM v_complaint_handling",
    "v_feedback_items": f"SELECT handling_score, NULL, handling_dissatisfied FROM v_feedback_items({PERIOD})",
    "v_dossiers": f"SELECT {SCORED}, NULL, dissatisfied FROM v_dossiers({PERIOD})",
}
"""By view: the score of each row, whether it is satisfied, whether it is dissatisfied; NULL: the view does not say."""


def fill(client: Client) -> None:
    """For each office a declaration, registered and rated, and a case whose handling is rated with the same score."""
    origin = "row_version, log_epoch, log_partition, log_offset"
    head: list[tuple[Any, ...]] = [(score, office, f"1030000000{score}0") for score, office in enumerate(OFFICES, 1)]
    tables: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
        "declaration_status": (
            "event_id, declaration_no, status, occurred_at, office",
            [("r", number, "REGISTERED", AT, office) for _score, office, number in head],
        ),
        "rating": (
            "sheet_id, revision, declaration_no, submitted_at, item_count, lowest_score",
            [(f"s{score}", 1, number, AT, 1, score) for score, _office, number in head],
        ),
        "rated_service": (
            "fact_id, state, sheet_id, declaration_no, submitted_at, target, office, target_id, score",
            [
                (uuid4(), "MATCHED", f"s{score}", number, AT, "OFFICE", office, office, score)
                for score, office, number in head
            ],
        ),
        "complaint_case": (
            "complaint_id, office, track, state, opened_at, handling_score",
            [(uuid4(), office, "FEEDBACK", "CLOSED", AT, score) for score, office, _number in head],
        ),
        "satisfaction": (
            "target, office, target_id, window_seconds, window_end, score_1, score_2, score_3, score_4, score_5",
            [
                ("OFFICE", office, office, 300, AT, *(int(score == one) for one in range(1, 6)))
                for score, office, _number in head
            ],
        ),
    }
    for table, (columns, rows) in tables.items():
        stored = [(*row, 1, 1, 0, number) for number, row in enumerate(rows)]
        client.execute(f"INSERT INTO {table} ({columns}, {origin}) VALUES", stored)


def answers(client: Client) -> dict[str, list[tuple[Any, ...]]]:
    """What each view says about the five scores."""
    return {view: sorted(client.execute(query)) for view, query in QUESTIONS.items()}


@pytest.mark.servers
def test_all_views_follow_the_one_scale(database: Client) -> None:
    """Every view that says who is satisfied agrees with the scale, also after the scale has changed."""
    fill(database)
    usual = ("DISSATISFIED", "DISSATISFIED", "NEUTRAL", "SATISFIED", "SATISFIED")
    for groups in (usual, ("DISSATISFIED", "NEUTRAL", "NEUTRAL", "NEUTRAL", "SATISFIED")):
        database.execute("TRUNCATE TABLE reference_rating_scale")
        rows = [(score, group) for score, group in enumerate(groups, 1)]
        database.execute("INSERT INTO reference_rating_scale (score, group) VALUES", rows)
        for view, found in answers(database).items():
            wanted = [
                tuple(None if said is None else one for said, one in zip(row, meant, strict=True))
                for row, meant in zip(
                    found,
                    [(score, group == "SATISFIED", group == "DISSATISFIED") for score, group in rows],
                    strict=True,
                )
            ]
            assert found == wanted, view


def test_no_view_has_a_threshold_of_its_own() -> None:
    """No file but the scale's compares a score or a level with a number; all that say who is satisfied are asked."""
    for file in view_files():
        assert not re.findall(r"\b(?:level|score|handling_score)\b\s*(?:[<>]=?|IN \()\s*\d", file.text), file.name
        if re.search(r"^    (?:\w+_)?(?:dis)?satisfied(?:_share)? ", file.text, re.MULTILINE):
            assert file.name in QUESTIONS or file.name == "v_alerts", file.name
