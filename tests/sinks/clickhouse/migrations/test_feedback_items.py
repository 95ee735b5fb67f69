"""Which items of feedback count in a period, and what was known of them at an instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

pytestmark = pytest.mark.servers

OFFICE = "03EE"
Clock = tuple[str, str, datetime, datetime | None, datetime | None, datetime | None]
"""Track, phase, start, end of the limit, when it was met, when it ended."""


def at(month: int, day: int, hour: int = 9) -> datetime:
    """An instant of 2024 by its local time."""
    return datetime(2024, month, day, hour, tzinfo=UTC) - timedelta(hours=7)


def store(
    client: Any,
    number: int,
    clocks: Sequence[Clock],
    track: str = "FEEDBACK",
    paused_at: datetime | None = None,
    **columns: Any,
) -> None:
    """Insert a case that was opened when its first clock began; all of its clocks are paused, or none."""
    row = {
        "complaint_id": UUID(int=number),
        "office": OFFICE,
        "track": track,
        "state": "VERIFYING",
        "opened_at": clocks[0][2],
        "clocks": [("R", t, p, start, due, paused_at, 0, met, ended) for t, p, start, due, met, ended in clocks],
        "row_version": 1,
        "log_epoch": 1,
        **columns,
    }
    client.execute(f"INSERT INTO complaint_case ({', '.join(row)}) VALUES", [tuple(row.values())])


def happened(client: Any, number: int, what: Sequence[tuple[datetime, str, str]]) -> None:
    """Insert accepted actions of a case: when, action, state after it."""
    client.execute(
        "INSERT INTO complaint_event (event_id, complaint_id, office, kind, occurred_at, action_id, action, state,"
        " row_version, log_epoch) VALUES",
        [
            (
                UUID(int=1000 * number + k),
                UUID(int=number),
                OFFICE,
                "ACCEPTED",
                when,
                f"{number}-{k}",
                action,
                state,
                1,
                1,
            )
            for k, (when, action, state) in enumerate(what)
        ],
    )


def rated(client: Any, number: int, when: datetime, place: int, score: int) -> None:
    """Insert the action that rates the handling of a case, the one of that place among its events."""
    client.execute(
        "INSERT INTO complaint_action (action_id, complaint_id, action, acted_at, actor_role, score, row_version,"
        " log_epoch) VALUES",
        [(f"{number}-{place}", UUID(int=number), "RATE_HANDLING", when, "ENTERPRISE", score, 1, 1)],
    )


def counted(client: Any, month: int, as_of: datetime, columns: str = "late") -> dict[int, Any]:
    """A column of the items of a month, as known at an instant."""
    first = date(2024, month, 1)
    rows = client.execute(
        f"SELECT complaint_id, {columns} FROM v_feedback_items(first = %(first)s, last = %(last)s,"
        " as_of = toDateTime64(%(as_of)s, 3, 'UTC'))",
        {"first": first, "last": date(2024, month + 1, 1), "as_of": f"{as_of:%Y-%m-%d %H:%M:%S}"},
    )
    return {one.int: values[0] if len(values) == 1 else tuple(values) for one, *values in rows}


def feedback(phase: str, start: datetime, due: datetime | None, met: datetime | None = None) -> Clock:
    """A clock on the track of feedback."""
    return "FEEDBACK", phase, start, due, met, None


def test_an_item_counts_where_it_was_received_and_where_it_was_due(database: Any) -> None:
    """What is carried over counts until it is answered; a limit missed after the month makes its items late."""
    resolved, answered = at(5, 10), at(5, 11)
    store(
        database,
        1,
        [feedback("RESOLVE", at(4, 22), at(5, 15, 0), resolved), feedback("ANSWER", resolved, at(5, 15, 0), answered)],
    )
    store(database, 2, [feedback("RESOLVE", at(5, 20), at(6, 11, 0))])
    early = [
        feedback("RESOLVE", at(4, 3), at(4, 25, 0), at(4, 24)),
        feedback("ANSWER", at(4, 24), at(4, 27, 0), at(4, 26)),
    ]
    store(database, 3, early)
    after = at(8, 1)
    assert counted(database, 4, after) == {1: 0, 3: 0}
    assert counted(database, 5, after, "late, carried_over") == {1: (0, 1), 2: (1, 0)}
    assert counted(database, 6, after, "late, carried_over") == {2: (1, 1)}
    assert counted(database, 5, at(6, 1)) == {1: 0, 2: 0}  # the limit still ran


def test_receipt_is_the_first_clock_of_feedback(database: Any) -> None:
    """A case that became feedback later was received then, whenever it was opened; one that never did is no item."""
    signal: Clock = ("SIGNAL", "RESOLVE", at(3, 4), at(3, 25, 0), None, at(5, 6))
    store(database, 1, [signal, feedback("RESOLVE", at(5, 6), at(5, 27, 0), at(5, 8))])
    store(database, 2, [signal], track="SIGNAL")
    store(database, 3, [("REMARK", "RESOLVE", at(5, 4), None, None, None)], track="REMARK")
    after = at(8, 1)
    assert [counted(database, month, after) for month in (3, 4, 5, 6)] == [{}, {}, {1: 0}, {}]


def test_what_came_later_is_not_known_yet(database: Any) -> None:
    """Earlier instants know no later withdrawal, rating, reopening, change of track or receipt."""
    start, resolved, answered, again = at(5, 6), at(5, 20), at(5, 21), at(6, 3)
    store(
        database,
        1,
        [
            feedback("RESOLVE", start, at(5, 28, 0), resolved),
            feedback("ANSWER", resolved, at(5, 23, 0), answered),
            feedback("RESOLVE", again, at(6, 25, 0), at(6, 4)),
            feedback("ANSWER", at(6, 4), at(6, 7, 0), at(6, 5)),
        ],
        state="CLOSED",
        changed_at=at(6, 10),
        closed_at=at(6, 10),
        reopened=True,
        handling_score=5,
    )
    actions = [
        (resolved, "RESOLVE", "RESOLVED"),
        (answered, "ANSWER", "ANSWERED"),
        (again, "RATE_HANDLING", "REOPENED"),
        (at(6, 10), "RATE_HANDLING", "CLOSED"),
    ]
    happened(database, 1, actions)
    rated(database, 1, again, 2, 1)
    rated(database, 1, at(6, 10), 3, 5)
    left: Clock = ("FEEDBACK", "RESOLVE", start, at(5, 28, 0), None, at(5, 15))
    store(database, 2, [left], state="WITHDRAWN", changed_at=at(5, 15), closed_at=at(5, 15))
    formal: Clock = ("COMPLAINT", "ACKNOWLEDGE", at(5, 15), at(5, 24, 0), None, None)
    store(database, 3, [left, formal], track="COMPLAINT")
    columns = "case_state, handling_score, reopened"
    before, during, end = at(5, 10), at(6, 5, 12), at(7, 1)
    assert counted(database, 5, start) == {}
    assert counted(database, 5, before, columns).keys() == {1, 2, 3}
    assert counted(database, 5, before, columns)[1] == ("OPENED", None, 0)
    assert counted(database, 5, at(5, 22), columns) == {1: ("ANSWERED", None, 0)}
    assert counted(database, 5, during, columns) == {1: ("REOPENED", 1, 1)}
    assert counted(database, 5, end, columns) == {1: ("CLOSED", 5, 1)}
    assert counted(database, 6, end) == {1: 0}  # due again after it was reopened


def test_a_rejection_that_came_too_late_stays_late_when_the_case_is_reopened(database: Any) -> None:
    """The row of the case forgets a rejection when it is reopened; its event does not."""
    start, rejected, again = at(5, 6), at(5, 9), at(5, 13)
    store(
        database, 1,
        [feedback("RESOLVE", start, at(5, 28, 0), rejected), feedback("ANSWER", rejected, at(5, 14, 0), at(5, 10)),
         feedback("RESOLVE", again, at(6, 4, 0), at(5, 14)), feedback("ANSWER", at(5, 14), at(5, 17, 0), at(5, 14))],
        finding="UPHELD", resolved_at=at(5, 14), reopened=True,
    )  # fmt: skip
    assert counted(database, 5, at(8, 1), "late_rejection") == {1: 0}
    happened(database, 1, [(rejected, "REJECT", "RESOLVED"), (again, "RATE_HANDLING", "REOPENED")])
    assert counted(database, 5, at(8, 1), "late_rejection") == {1: 1}
    assert counted(database, 5, rejected, "late_rejection") == {1: 0}


def test_an_item_settles_when_its_last_limit_ends(database: Any) -> None:
    """A running limit ends at its end, one that was met then; what is late is settled at once; a pause has no end."""
    store(
        database,
        1,
        [feedback("RESOLVE", at(5, 6), at(5, 28, 0), at(5, 8)), feedback("ANSWER", at(5, 8), at(5, 11, 0), at(5, 9))],
    )
    store(database, 2, [feedback("RESOLVE", at(5, 20), at(6, 11, 0))])
    store(database, 3, [feedback("RESOLVE", at(5, 6), at(5, 28, 0), at(6, 20))])
    store(database, 4, [feedback("RESOLVE", at(5, 7), None)], paused_at=at(5, 8), state="WAITING")
    found = counted(database, 5, at(6, 5), "settled, settles_at")
    assert found == {1: (1, at(5, 9)), 2: (0, at(6, 11, 0)), 3: (1, at(5, 28, 0)), 4: (0, None)}
    assert counted(database, 5, at(6, 12), "settled") == {1: 1, 2: 1, 3: 1, 4: 0}
