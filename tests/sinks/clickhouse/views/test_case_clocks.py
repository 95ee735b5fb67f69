"""What became of each limit of a case, and the day on which it ends, in the views."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from clickhouse_driver import Client
from support.stored_rows import store, utc

pytestmark = pytest.mark.servers

DUE = utc("2020-06-09 17:00")
"""24:00 of Tuesday 9 June in Viet Nam."""
BEFORE, AFTER = DUE - timedelta(hours=1), DUE + timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("due", "paused", "met", "ended", "standing"),
    [
        (DUE, None, DUE, None, "MET"),
        (DUE, None, AFTER, None, "MET_LATE"),
        (None, None, AFTER, None, "MET"),
        (DUE, None, None, DUE, "ENDED"),
        (DUE, None, None, AFTER, "ENDED_LATE"),
        (DUE, BEFORE, None, AFTER, "ENDED"),
        (DUE, None, None, None, "OVERDUE"),
        (None, BEFORE, None, None, "PAUSED"),
        (None, None, None, None, "RUNNING"),
    ],
)
def test_what_became_of_a_limit(
    database: Client,
    due: datetime | None,
    paused: datetime | None,
    met: datetime | None,
    ended: datetime | None,
    standing: str,
) -> None:
    """24:00 is in time and belongs to the day that ends then; one missed before it ended without being met says so."""
    clock = ("RESOLVE", "FEEDBACK", "RESOLVE", utc("2020-06-01 02:00"), due, paused, 0, met, ended)
    case = (UUID(int=1), "03CC", "COMPLAINT", "OPENED", utc("2020-06-01 02:00"), due, [clock])
    store(database, "complaint_case", "complaint_id, office, track, state, opened_at, next_due_at, clocks", [case])
    day = None if due is None else "2020-06-09"
    found = database.execute("SELECT clock_standing, toString(due_day) FROM v_case_clocks")
    assert found == [(standing, day)]
    assert database.execute("SELECT toString(next_due_day) FROM v_cases") == [(day,)]
