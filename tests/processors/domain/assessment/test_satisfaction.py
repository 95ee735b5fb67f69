"""What the sheets of one declaration say about a target is one score, whatever sheets there are, in whatever order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.events import at, batch, item, rating, status
from support.reference import DAY_MS, join_context

from processors.domain.assessment.fact_store import FactStore
from processors.domain.assessment.satisfaction import SatisfactionStore
from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from schemas.records.events import Rating
from schemas.records.facts import RatedService, Satisfaction
from schemas.topics import Topic

T0 = at("2020-05-11 08:00")
MINUTE = 60_000
PANE = 5 * MINUTE
NUMBERS = ("103000000010", "303000000020")


def facts_of(sheets: Sequence[Rating]) -> list[RatedService]:
    """Every version of every fact that the join publishes for sheets of two registered declarations."""
    state = JoinStage(JoinPolicy(grace_ms=0), join_context()).new_state(0)
    registered = [status("e", "REGISTERED", T0 - 60 * DAY_MS, declaration_no=number) for number in NUMBERS]
    state.absorb(batch(Topic.DECLARATION_STATUS, registered))
    return [output.record for one in sheets for output in state.absorb(batch(Topic.RATING, [one])).outputs]  # type: ignore[misc]


def newest(facts: Iterable[RatedService], every: int = 1) -> dict[tuple[str, str, int], Satisfaction]:
    """The newest row of each target and pane; a version never has two contents."""
    store, series = FactStore(), SatisfactionStore()
    found: dict[tuple[str, str, int], Satisfaction] = {}

    def publish() -> None:
        for row in series.changes():
            key = (row.target, row.target_id, row.window_end)
            known = found.get(key)
            assert known is None or row.version > known.version or row == known
            found[key] = row

    for place, change in enumerate(store.add_facts(facts), start=1):
        series.apply(change)
        if place % every == 0:
            publish()
    publish()
    return found


DURING = rating("during", 1, T0, item(score=2), phase="DURING_CLEARANCE")
AFTER = rating("after", 1, T0 + 3 * PANE, item(score=5))


def test_two_sheets_of_one_declaration_give_one_score() -> None:
    """The lower one, where the later sheet was sent; at the earlier one nothing is left, whichever came first."""
    alone = newest(facts_of([DURING]))["OFFICE", "03CC", T0 + PANE]
    for sheets in ([DURING, AFTER], [AFTER, DURING]):
        rows = newest(facts_of(sheets))
        last, first = (rows["OFFICE", "03CC", T0 + panes * PANE] for panes in (4, 1))
        assert (last.pane, last.hour, last.month) == ((0, 1, 0, 0, 0),) * 3
        assert first.pane == (0, 0, 0, 0, 0)
        assert first.version > alone.version


def test_a_raised_revision_leaves_the_score_of_the_other_sheet() -> None:
    """When the low sheet is revised upwards, what the other sheet says remains; taken back, it is the only one."""
    raised = rating("during", 2, T0 + PANE, item(score=4))
    rows = newest(facts_of([DURING, AFTER, raised]))
    assert rows["OFFICE", "03CC", T0 + 4 * PANE].pane == (0, 0, 0, 1, 0)
    other = rating("during", 2, T0 + PANE, item("TEAM", "01", 4))
    rows = newest(facts_of([DURING, AFTER, other]))
    assert rows["OFFICE", "03CC", T0 + 4 * PANE].pane == (0, 0, 0, 0, 1)


@st.composite
def sheets(draw: st.DrawFn) -> Rating:
    """A revision of one of four sheets about an office, a team, or both."""
    targets = draw(st.lists(st.sampled_from((("OFFICE", "03CC"), ("TEAM", "01"))), min_size=1, unique=True))
    items = [item(kind, name, draw(st.integers(1, 5))) for kind, name in targets]
    sent = T0 + draw(st.integers(0, 40)) * MINUTE
    number = draw(st.sampled_from((*NUMBERS, NUMBERS[0])))
    return rating(f"s{draw(st.integers(0, 3))}", draw(st.integers(1, 2)), sent, *items, declaration_no=number)


def expected(arrived: Sequence[Rating]) -> dict[tuple[str, str, int], list[int]]:
    """The pane of each target, counted from the sheets one by one."""
    last = {(one.declaration_no, one.sheet_id): one for one in sorted(arrived, key=lambda one: one.revision)}
    scores: dict[Any, list[tuple[int, int]]] = {}
    for one in last.values():
        for given_ in one.items:
            about = (given_.target, given_.target_id, one.declaration_no)
            scores.setdefault(about, []).append((given_.score, one.submitted_at))
    panes: dict[tuple[str, str, int], list[int]] = {}
    for (target, target_id, _number), said in scores.items():
        end = max(sent for _score, sent in said) // PANE * PANE + PANE
        panes.setdefault((target, target_id, end), [0] * 5)[min(score for score, _sent in said) - 1] += 1
    return panes


@given(st.lists(sheets(), max_size=7, unique_by=lambda one: (one.declaration_no, one.sheet_id, one.revision)),
       st.randoms(use_true_random=False), st.integers(1, 5))  # fmt: skip
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_order_gives_what_the_sheets_say(arrived: list[Rating], order: Any, every: int) -> None:
    """Panes and the sums over all of them, counted by other code: the same, in any order of facts and cut anywhere."""
    facts = facts_of(arrived)
    order.shuffle(facts)
    rows = newest(facts, every)
    wanted = expected(arrived)
    assert {key: list(row.pane) for key, row in rows.items() if any(row.pane)} == wanted
    for target in ("OFFICE", "TEAM"):
        panes = {key[2]: pane for key, pane in wanted.items() if key[0] == target}
        if panes:
            (row,) = [row for key, row in rows.items() if (key[0], key[2]) == (target, max(panes))]
            assert list(row.month) == [sum(column) for column in zip(*panes.values(), strict=True)]
