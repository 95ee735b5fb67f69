"""Remarks have a view of their own, and are in no view of complaints."""

from __future__ import annotations

from uuid import UUID

import pytest
from clickhouse_driver import Client
from support.stored_rows import store, utc

pytestmark = pytest.mark.servers

NUMBER = "103000000010"
EARLY, LATE = utc("2020-06-01 02:00"), utc("2020-06-03 02:00")


def test_remarks_are_an_inbox_and_no_complaints(database: Client) -> None:
    """Open ones before filed ones, allegations first, then the oldest; one that is feedback now is a case."""
    told = [(UUID(int=number), "03CC", "REMARK", EARLY, NUMBER) for number in range(1, 6)]
    store(database, "complaint", "complaint_id, office, case_track, opened_at, declaration_no", told)
    cases = [
        (UUID(int=1), "03CC", "REMARK", "CLOSED", EARLY, "NORMAL", NUMBER),
        (UUID(int=2), "03CC", "REMARK", "OPENED", LATE, "NORMAL", NUMBER),
        (UUID(int=3), "03CC", "REMARK", "OPENED", LATE, "HIGH", NUMBER),
        (UUID(int=4), "03CC", "REMARK", "OPENED", EARLY, "NORMAL", NUMBER),
        (UUID(int=5), "03CC", "FEEDBACK", "OPENED", EARLY, "NORMAL", NUMBER),
    ]
    store(database, "complaint_case", "complaint_id, office, track, state, opened_at, priority, declaration_no", cases)
    found = database.execute("SELECT complaint_id, open FROM v_remarks")
    assert [(int(identity), is_open) for identity, is_open in found] == [(3, True), (4, True), (2, True), (1, False)]
    for view in ("v_cases", "v_complaints"):
        assert [int(row[0]) for row in database.execute(f"SELECT complaint_id FROM {view}")] == [5]
    assert database.execute("SELECT complaints FROM v_complaint_handling") == [(1,)]
