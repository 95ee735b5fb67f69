"""The files of guards and views: what people read never reads a table past its guard."""

from __future__ import annotations

import re

from sinks.clickhouse.sql_files import view_files

GUARDED = {
    "rating", "rating_item", "opinion", "rated_service", "rated_declaration", "satisfaction", "pane", "office_count",
    "complaint", "complaint_case", "complaint_event", "complaint_action", "complaint_answer", "alert", "score_setting",
    "doubted_sheet", "alert_action",
}  # fmt: skip
"""Tables that hold what a sheet, a case or an official must not be found by."""
PAST_THE_GUARD = {
    "v_freshness": GUARDED - {"rating_item", "opinion", "rated_declaration", "pane", "score_setting", "doubted_sheet"}
    | {"opinion"},
    "v_satisfaction_now": {"pane"},
}
"""Views that read a table itself: numbers of rows and the times of the newest alone."""
KEPT_OUT = {
    "additional_table_filters = {}", "read_overflow_mode = 'throw'", "set_overflow_mode = 'throw'",
    "join_overflow_mode = 'throw'", "timeout_overflow_mode = 'throw'", "group_by_overflow_mode = 'throw'",
    "distinct_overflow_mode = 'throw'", "join_use_nulls = 0", "transform_null_in = 0",
    "enable_global_with_statement = 1",
}  # fmt: skip
"""Settings of a query that would reach the tables below a guard, cut off what it leaves out, or stop it."""
VIEWS = [file for file in view_files() if file.name.startswith("v_")]
GUARDS = [file for file in view_files() if not file.name.startswith("v_")]


def test_views_read_through_guards() -> None:
    """No view of people reads a table that has a guard; what reads it all the same is on a list."""
    past = {file.name: found for file in VIEWS if (found := file.reads & GUARDED)}
    assert past == PAST_THE_GUARD


def test_every_guard_keeps_the_settings_of_queries_out() -> None:
    """A setting of a query that filters tables below, or cuts off a set, does not reach into a guard."""
    assert len(GUARDS) > 15
    for guard in GUARDS:
        settings = guard.text.rpartition("SETTINGS ")[2].partition("\nCOMMENT ")[0]
        assert set(re.split(r",\s+", settings)) == KEPT_OUT, guard.name
