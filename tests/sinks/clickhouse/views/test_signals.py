"""Signals and feedback in the views."""

from __future__ import annotations

from uuid import UUID

import pytest
from clickhouse_driver import Client
from support.stored_rows import store, utc

pytestmark = pytest.mark.servers

NUMBER = "103000000010"
OPENED, TOLD = utc("2020-06-01 02:00"), utc("2020-06-03 02:00")


def test_views_tell_signals_from_feedback(database: Client) -> None:
    """The track is the case's, or the sheet's while the case is not known; signals are counted among the complaints."""
    told = [
        (UUID(int=1), "03CC", "SIGNAL", None, OPENED, NUMBER),
        (UUID(int=2), "03CC", "FEEDBACK", TOLD, OPENED, NUMBER),
        (UUID(int=3), "03CC", "SIGNAL", None, OPENED, NUMBER),
    ]
    store(database, "complaint", "complaint_id, office, case_track, content_since, opened_at, declaration_no", told)
    cases = [
        (UUID(int=2), "03CC", "FEEDBACK", "OPENED", OPENED),
        (UUID(int=3), "03CC", "SIGNAL", "OPENED", OPENED),
        (UUID(int=4), "03CC", "FEEDBACK", "OPENED", OPENED),
    ]
    store(database, "complaint_case", "complaint_id, office, track, state, opened_at", cases)
    found = database.execute("SELECT track, content_since FROM v_complaints ORDER BY complaint_id")
    assert found == [("SIGNAL", None), ("FEEDBACK", TOLD), ("SIGNAL", None)]
    assert database.execute("SELECT complaints, signals FROM v_complaint_handling") == [(3, 1)]
    items = "v_feedback_items(first = '2020-06-01', last = '2020-07-01', as_of = '2020-07-01 00:00:00')"
    assert database.execute(f"SELECT count() FROM {items}") == [(2,)]
