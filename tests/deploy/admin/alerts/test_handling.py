"""What the actions of people on an alert amount to."""

from __future__ import annotations

from itertools import permutations

from deploy.admin.alerts.handling import handling_of
from schemas.records.alerts import AlertAction

ALERT = "11111111-1111-5111-8111-111111111111"


def action(kind: str, acted_at: int, **fields: str) -> AlertAction:
    """An action of official o-1; its id is made of kind and time."""
    return AlertAction(fields.pop("action_id", f"{kind}-{acted_at}"), ALERT, kind, acted_at, "o-1", **fields)


DONE = (
    action("ACKNOWLEDGED", 10),
    action("ACKNOWLEDGED", 15),
    action("ASSIGNED", 20, assignee="o-2"),
    action("ASSIGNED", 30, assignee="o-3"),
    action("FALSE", 40),
    action("REAL", 50),
)


def test_a_later_verdict_replaces_an_earlier_one_in_any_order_of_arrival() -> None:
    """The first acknowledgement, the latest assignment and verdict, by their times; repeats change nothing."""
    for arrived in permutations(DONE):
        found = handling_of([*arrived, arrived[0]])
        assert found.acknowledged_at == 10
        assert found.assignee == "o-3"
        assert found.verdict is not None
        assert found.verdict.action == "REAL"
        assert found.actions == DONE


def test_two_verdicts_of_one_instant_are_told_apart_by_their_ids() -> None:
    """So that ClickHouse and the command line agree, whichever came first."""
    one, other = action("FALSE", 40, action_id="a"), action("REAL", 40, action_id="b")
    for arrived in ((one, other), (other, one)):
        verdict = handling_of(arrived).verdict
        assert verdict is not None
        assert verdict.action == "REAL"


def test_nothing_was_done() -> None:
    """An alert without actions has no acknowledgement, no assignee and no verdict."""
    found = handling_of([])
    assert (found.acknowledged_at, found.assignee, found.verdict) == (None, None, None)
