"""One enterprise has one opinion about an office by one declaration, whatever sheets it sends, in whatever order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.events import at, batch, item, rating, status
from support.reference import join_context

from processors.domain.assessment.fact_store import FactStore
from processors.domain.assessment.office_counts import OfficeCounts
from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from schemas.ids import complaint_id
from schemas.records.events import Rating
from schemas.records.facts import OfficeCount, RatedService
from schemas.topics import Topic

T0 = at("2020-05-11 08:00")
MINUTE = 60_000
PANE = 5 * MINUTE
ONE, OTHER = "103000000010", "303000000020"
DAY = 24 * 60 * MINUTE


def facts_of(sheets: Sequence[Rating]) -> list[RatedService]:
    """Every version of every fact that the join publishes for sheets of two registered declarations."""
    state = JoinStage(JoinPolicy(grace_ms=0), join_context()).new_state(0)
    registered = [status(f"e{number}", "REGISTERED", T0 - 60 * DAY, declaration_no=number) for number in (ONE, OTHER)]
    state.absorb(batch(Topic.DECLARATION_STATUS, registered))
    return [output.record for one in sheets for output in state.absorb(batch(Topic.RATING, [one])).outputs]  # type: ignore[misc]


def published(facts: Iterable[RatedService], every: int = 1) -> list[OfficeCount]:
    """All that is published when so many facts come at a time."""
    store, counts = FactStore(), OfficeCounts()
    found: list[OfficeCount] = []
    for place, change in enumerate(store.add_facts(facts), start=1):
        counts.apply(change)
        if place % every == 0:
            found += counts.changes()
    return [*found, *counts.changes()]


def newest(records: Iterable[OfficeCount]) -> dict[tuple[str, int], OfficeCount]:
    """The newest version of each count that holds an opinion; a version never has two contents."""
    found: dict[tuple[str, int], OfficeCount] = {}
    for one in records:
        known = found.get((one.office, one.pane_start))
        assert known is None or one.version > known.version
        found[one.office, one.pane_start] = one
    return {key: one for key, one in found.items() if one.opinions}


DURING = rating(
    "during", 1, T0, item(score=4), item("STEP", "TAX_PAYMENT", 1, reason="DELAY"), phase="DURING_CLEARANCE"
)
AFTER = rating("after", 1, T0 + 3 * PANE, item(score=5), item("STEP", "TAX_PAYMENT", 2, reason="FEES"))


def test_two_sheets_of_one_declaration_are_one_opinion() -> None:
    """During and after clearance: one opinion, when the later sheet was sent, as bad as the lowest score of both."""
    for sheets in ([DURING, AFTER], [AFTER, DURING]):
        (count,) = newest(published(facts_of(sheets))).values()
        assert (count.pane_start, count.opinions, count.dissatisfied) == (T0 + 3 * PANE, 1, 1)
        assert count.enterprises == ("0200100100",)
        assert set(count.complaint_ids) == {complaint_id(ONE[:11], name, "03CC") for name in ("during", "after")}


def test_what_two_sheets_say_about_one_step_counts_once() -> None:
    """The lower score, with its reason."""
    (count,) = newest(published(facts_of([DURING, AFTER]))).values()
    assert count.scores == {"STEP:TAX_PAYMENT": 1}
    assert count.drivers == {"REASON:DELAY": 1, "STEP:TAX_PAYMENT": 1}


def test_declarations_and_offices_are_told_apart() -> None:
    """Another declaration of the enterprise, and another office, are further opinions."""
    sheets = [
        DURING,
        replace(AFTER, declaration_no=OTHER),
        rating("third", 1, T0, item(target_id="03EE", office="03EE")),
    ]
    counts = newest(published(facts_of(sheets)))
    assert {key: (one.opinions, one.dissatisfied) for key, one in counts.items()} == {
        ("03CC", T0): (1, 1),
        ("03CC", T0 + 3 * PANE): (1, 1),
        ("03EE", T0): (1, 0),
    }


def test_a_hundred_sheets_of_one_declaration_are_one_opinion() -> None:
    """Praise that is sent again and again outweighs nobody."""
    sheets = [rating(f"s{n}", 1, T0 + n * MINUTE, item(score=5)) for n in range(100)]
    counts = newest(published(facts_of(sheets)))
    assert [(one.opinions, one.dissatisfied) for one in counts.values()] == [(1, 0)]


def test_the_pane_of_an_earlier_sheet_is_taken_back() -> None:
    """Whatever was published of a sheet by itself, at its own time, is replaced, also when it came last."""
    alone = newest(published(facts_of([DURING])))
    (key,) = alone
    for sheets in ([DURING, AFTER], [AFTER, DURING]):
        (last,) = [one for one in published(facts_of(sheets)) if (one.office, one.pane_start) == key][-1:]
        assert last.opinions == 0
        assert last.version > alone[key].version


def test_a_raised_revision_leaves_what_the_other_sheet_says() -> None:
    """A revision replaces its own sheet alone."""
    raised = rating("during", 2, T0 + PANE, item(score=4), item("STEP", "TAX_PAYMENT", 5))
    (count,) = newest(published(facts_of([DURING, AFTER, raised]))).values()
    assert (count.opinions, count.dissatisfied, count.drivers) == (1, 1, {"REASON:FEES": 1, "STEP:TAX_PAYMENT": 1})
    assert count.complaint_ids == (complaint_id(ONE[:11], "after", "03CC"),)


@st.composite
def sheets(draw: st.DrawFn) -> Rating:
    """A revision of one of four sheets about one or two offices."""
    place, revision = draw(st.integers(0, 3)), draw(st.integers(1, 2))
    targets = st.tuples(
        st.sampled_from(("OFFICE", "TEAM", "STEP")), st.sampled_from(("03CC", "03EE")), st.integers(1, 5),
        st.sampled_from((None, "DELAY", "FEES")),
    )  # fmt: skip
    names = {"OFFICE": None, "TEAM": "01", "STEP": "TAX_PAYMENT"}
    drawn = draw(st.lists(targets, min_size=1, max_size=4, unique_by=lambda one: one[:2]))
    items = [item(kind, names[kind] or office, n, office=office, reason=reason) for kind, office, n, reason in drawn]
    at_minute = draw(st.integers(0, 40))
    return rating(
        f"s{place}", revision, T0 + at_minute * MINUTE, *items, declaration_no=draw(st.sampled_from((ONE, ONE, OTHER)))
    )


def expected(arrived: Sequence[Rating]) -> dict[tuple[str, int], tuple[Any, ...]]:
    """Opinions, dissatisfied ones, scores, drivers and complaints of each office and pane, from the sheets."""
    last: dict[tuple[str, str], Rating] = {}
    for one in sorted(arrived, key=lambda one: one.revision):
        last[one.declaration_no, one.sheet_id] = one
    opinions = defaultdict(list)
    for one in last.values():
        for office in {score.office for score in one.items}:
            opinions[office, one.declaration_no].append(one)
    cells: dict[tuple[str, int], list[Any]] = defaultdict(lambda: [0, 0, Counter(), Counter(), set()])
    for (office, declaration_no), said in opinions.items():
        cell = cells[office, max(one.submitted_at for one in said) // PANE * PANE]
        rows = [(i, one) for one in said for i in one.items if i.office == office]
        cell[0] += 1
        cell[1] += min(i.score for i, _one in rows) <= 2
        for target in {(i.target, i.target_id) for i, _one in rows}:
            lowest = min(
                ((i, one) for i, one in rows if (i.target, i.target_id) == target),
                key=lambda pair: (pair[0].score, -pair[1].submitted_at, pair[0].reason or ""),
            )[0]
            if target[0] != "OFFICE":
                cell[2][":".join(target)] += 1
            if lowest.score <= 2:
                cell[3].update([":".join(target)] if target[0] != "OFFICE" else [])
                cell[3].update([f"REASON:{lowest.reason}"] if lowest.reason else [])
        cell[4] |= {complaint_id(declaration_no[:11], one.sheet_id, office) for i, one in rows if i.score <= 2}
    return {key: tuple(cell) for key, cell in cells.items()}


@given(st.lists(sheets(), max_size=7, unique_by=lambda one: (one.declaration_no, one.sheet_id, one.revision)),
       st.randoms(use_true_random=False), st.integers(1, 5))  # fmt: skip
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_order_gives_what_the_sheets_say(arrived: list[Rating], order: Any, every: int) -> None:
    """Counted one by one from the sheets, by other code: the same, in any order of facts and cut anywhere."""
    facts = facts_of(arrived)
    order.shuffle(facts)
    found = newest(published(facts, every))
    assert {
        key: (one.opinions, one.dissatisfied, Counter(one.scores), Counter(one.drivers), set(one.complaint_ids))
        for key, one in found.items()
    } == expected(arrived)
