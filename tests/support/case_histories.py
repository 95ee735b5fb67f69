"""Random histories of actions on the complaint of `support.cases`."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from schemas.records.cases import CaseAction, ComplaintAction
from support.cases import OPENED, action
from support.events import at

START = at(OPENED)
MINUTE = 60_000
DAY = 86_400_000


@st.composite
def histories(draw: st.DrawFn) -> list[ComplaintAction]:
    """Some actions within six weeks, few ids, so that contents sometimes conflict."""
    found = []
    for _ in range(draw(st.integers(0, 8))):
        name = draw(st.sampled_from(list(CaseAction)))
        when = START + draw(st.integers(0, 42 * 24 * 60)) * MINUTE
        score = draw(st.integers(1, 5)) if name == CaseAction.RATE_HANDLING else None
        number = draw(st.integers(0, 5))
        text = draw(st.sampled_from((None, "words"))) if name == CaseAction.SUPPLY else action(name, when).text
        found.append(replace(action(name, when, score=score, text=text), action_id=f"a{number}"))
    return found
