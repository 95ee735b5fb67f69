"""The state table, as documented and as it refuses."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from support.cases import OPENED, action, case_context, complaint
from support.events import at

from processors.domain.cases.guards import Refusal
from processors.domain.cases.replay import replay_case
from processors.domain.cases.transitions import TABLE
from schemas.records.cases import CaseAction, CaseState, ComplaintAction

TEXT = (Path(__file__).parents[4] / "docs" / "complaints.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([A-Z_]+)` \| ([a-z, ]+) \| ([A-Zany, ]+) \| ([A-Za-z ]+) \|$", re.MULTILINE)

REACHED = {
    CaseState.OPENED: [],
    CaseState.ACKNOWLEDGED: ["ACKNOWLEDGE"],
    CaseState.VERIFYING: ["VERIFY"],
    CaseState.WAITING: ["ASK"],
    CaseState.SUSPENDED: ["CHANGE_TRACK", "VERIFY", "SUSPEND"],
    CaseState.RESOLVED: ["VERIFY", "RESOLVE"],
    CaseState.ANSWERED: ["VERIFY", "RESOLVE", "ANSWER"],
    CaseState.CLOSED: ["VERIFY", "RESOLVE", "ANSWER", "CLOSE"],
    CaseState.REOPENED: ["VERIFY", "RESOLVE", "ANSWER", "POOR"],
    CaseState.WITHDRAWN: ["WITHDRAW"],
    CaseState.MERGED: ["MERGE"],
}
"""Actions that lead to each state."""

MINUTE = 60_000


def steps(names: list[str]) -> list[ComplaintAction]:
    """The actions, a minute apart from each other."""
    start = at(OPENED)
    poor = {"RATE_HANDLING": {"score": 1}}
    chosen = [("RATE_HANDLING", poor["RATE_HANDLING"]) if name == "POOR" else (name, {}) for name in names]
    return [action(name, start + number * MINUTE, **fields) for number, (name, fields) in enumerate(chosen, 1)]


def test_the_document_prints_the_table() -> None:
    """Each row of docs/complaints.md is what the table holds, and the table holds nothing else."""
    printed = {}
    for name, by, states, to in ROW.findall(TEXT):
        wanted = list(CaseState) if states == "any" else [CaseState(state) for state in states.split(", ")]
        target = None if to in ("stays", "see below") else CaseState(to)
        for state in wanted:
            printed[state, name] = (target, frozenset(role.upper() for role in by.split(", ")))
    assert printed == {pair: (rule.to, frozenset(rule.by)) for pair, rule in TABLE.items()}
    assert {name for _state, name in printed} == {one.value for one in CaseAction}


def test_every_refusal_is_explained() -> None:
    """The document names every reason to refuse."""
    assert all(f"`{reason}`" in TEXT for reason in Refusal)


@pytest.mark.parametrize("state", list(CaseState))
def test_every_state_is_reached(state: CaseState) -> None:
    """The table leads to each of its states."""
    start = at(OPENED)
    folded = replay_case(complaint(start), steps(REACHED[state]), case_context(), start + 60 * MINUTE)
    assert folded.case is not None
    assert folded.case.state == state
    assert folded.case.refused_actions == 0


@pytest.mark.parametrize(("state", "name"), list(product(CaseState, CaseAction)), ids=str)
def test_an_action_is_taken_where_the_table_has_it_and_refused_elsewhere(state: CaseState, name: CaseAction) -> None:
    """For every state and action: what the table allows is not refused for its state, and what it lacks is."""
    start = at(OPENED)
    last = action(name, start + 30 * MINUTE)
    folded = replay_case(complaint(start), [*steps(REACHED[state]), last], case_context(), start + 60 * MINUTE)
    (event,) = [event for event in folded.events if event.action_id == last.action_id]
    if (state, name.value) in TABLE:
        assert event.refusal != Refusal.NOT_IN_THIS_STATE
    else:
        assert (event.kind, event.refusal) == ("REFUSED", Refusal.NOT_IN_THIS_STATE)
