"""What hailong says: the questions, in SQL over its documented tables and views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.published.expected import Table
from sinks.clickhouse.native.column_client import ColumnClient


@dataclass(frozen=True, slots=True)
class Question:
    """A query whose first columns are the key of a row.

    Attributes:
        keys: Number of columns of the key.
        columns: Names of the other columns.
        sql: The query.
    """

    keys: int
    columns: tuple[str, ...]
    sql: str


_FACT = (
    *(
        "revision",
        "score",
        "state",
        "unmatched_reason",
        "standing",
        "content_since",
        "submitted_at",
        "phase",
        "has_comment",
        "target_known",
        "tax_code",
    ),
    *("declaration_office", "declaration_team", "status", "channel", "status_count", "registered_at", "permitted_at"),
    *("document_minutes", "goods_minutes", "clearance_minutes", "on_time"),
)
_TIMES = {"submitted_at", "registered_at", "permitted_at"}


def _ms(column: str) -> str:
    return f"toUnixTimestamp64Milli({column})"


QUESTIONS: Mapping[str, Question] = {
    "facts": Question(
        5,
        _FACT,
        "SELECT declaration, sheet_id, target, office, target_id, "
        + ", ".join(_ms(name) if name in _TIMES else name for name in _FACT)
        + " FROM rated_service FINAL",
    ),
    "complaints": Question(
        3,
        (
            "state",
            "opened_at",
            "lowest_score",
            "low_items",
            "first_deadline_at",
            "resolve_deadline_at",
            "priority_reasons",
        ),
        "SELECT toUInt64(substring(declaration_no, 1, 11)), sheet_id, office, complaint_state, "
        f"{_ms('opened_at')}, lowest_score, length(low_items), {_ms('first_deadline_at')}, "
        f"{_ms('resolve_deadline_at')}, "
        "arrayStringConcat(arraySort(priority_reasons), ',') FROM v_complaints",
    ),
    "satisfaction by month": Question(
        4,
        tuple(f"score_{score}" for score in range(1, 6)),
        "SELECT target, office, target_id, toString(toStartOfMonth(toDate(window_end - INTERVAL 1 MILLISECOND, "
        "'Asia/Ho_Chi_Minh'))) AS month, sum(score_1), sum(score_2), sum(score_3), sum(score_4), sum(score_5) "
        # The table: views do not show windows of officials.
        "FROM satisfaction FINAL WHERE window_seconds = 300 GROUP BY target, office, target_id, month "
        "HAVING sum(score_1 + score_2 + score_3 + score_4 + score_5) > 0",
    ),
    "opinions by month": Question(
        2,
        ("opinions", "satisfied", "dissatisfied"),
        "SELECT office, toString(toStartOfMonth(toDate(submitted_at, 'Asia/Ho_Chi_Minh'))) AS month, count(), "
        "countIf(satisfied), countIf(dissatisfied) FROM v_opinions_by_office GROUP BY office, month",
    ),
    "declarations": Question(
        1,
        ("status", "registered_at", "permitted_at", "cancelled", "statuses"),
        f"SELECT declaration, status, {_ms('registered_at')}, {_ms('permitted_at')}, cancelled, statuses "
        "FROM v_declarations",
    ),
    "response rates": Question(
        2,
        ("declarations", "rated"),
        "SELECT office, toString(month), declarations, rated_declarations FROM v_response_rate_by_month",
    ),
    "unrated declarations": Question(1, (), "SELECT declaration FROM v_unrated_declarations"),
    "processing times": Question(
        3,
        ("n", "max_minutes", "on_time"),
        "SELECT office, toString(month), step, n, max_minutes, round(on_time_share, 6) FROM v_processing_times",
    ),
    "step times": Question(
        3,
        ("minutes",),
        f"SELECT declaration, step, {_ms('started_at')}, minutes "
        "FROM v_step_times(first = '2019-01-01', last = '2031-01-01', as_of = %(as_of)s) "
        "WHERE step IN ('DOCUMENT_CHECK', 'GOODS_INSPECTION')",
    ),
    # Which alerts are raised, the independent computation does not know: it recounts the windows that they state.
    "alerts": Question(
        4,
        ("opinions", "dissatisfied", "enterprises", "complaints"),
        f"SELECT toString(alert_id), office, {_ms('window_start')}, {_ms('window_end')}, opinions, "
        "dissatisfied_opinions, enterprises, length(complaint_ids) FROM v_alerts WHERE alert_state != 'RETRACTED'",
    ),
    "alert targets": Question(
        3,
        ("scores", "low_scores"),
        "SELECT toString(alert_id), target, target_id, scores, low_scores FROM v_alert_targets "
        "WHERE alert_state != 'RETRACTED'",
    ),
}


def ask(client: ColumnClient, question: Question, parameters: Mapping[str, object]) -> Table:
    """The answer as a table."""
    rows = client.execute(question.sql, parameters)
    return {tuple(row[: question.keys]): tuple(row[question.keys :]) for row in rows}
