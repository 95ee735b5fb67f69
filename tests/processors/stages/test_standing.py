"""Who may rate: sheets of others count nowhere, and sheets of unknown declarations not yet."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from support.comparison import records_of
from support.events import WRITTEN_AT, at, batch, item, rating, status
from support.in_memory import InMemoryPipeline, in_memory_pipeline
from support.reference import join_context

from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from schemas.reference.tax_code import enterprise_of
from schemas.topics import Topic

STATUS, RATING = Topic.DECLARATION_STATUS, Topic.RATING
T0 = at("2020-05-11 08:00")
MINUTE = 60_000
OWN, UNIT, OTHER = "0200100100", "0200100100-001", "0300100100"
REGISTERED = status("e1", "REGISTERED", T0, tax_code=OWN)
LOW = item(score=1)


@pytest.fixture
def pipeline() -> Iterator[InMemoryPipeline]:
    """All stages, empty."""
    with in_memory_pipeline() as made:
        yield made


def sheet(name: str, tax_code: str | None, revision: int = 1, **fields: Any) -> Any:
    """A low score an hour after the registration."""
    return rating(name, revision, T0 + (60 + revision) * MINUTE, LOW, tax_code=tax_code, **fields)


def standings(pipeline: InMemoryPipeline) -> dict[str, str]:
    """The standing of each sheet."""
    pipeline.advance(WRITTEN_AT)
    return {one.sheet_id: one.standing for one in records_of(pipeline.last, Topic.RATED_SERVICE)}


def counted(pipeline: InMemoryPipeline) -> tuple[int, int, list[str]]:
    """Opinions about offices, scores of the office, and states of complaints."""
    opinions = sum(one.opinions for one in records_of(pipeline.last, Topic.OFFICE_COUNT))
    scores = sum(sum(one.pane) for one in records_of(pipeline.last, Topic.SATISFACTION))
    return opinions, scores, [one.state for one in records_of(pipeline.last, Topic.COMPLAINT)]


def test_twelve_invented_enterprises_count_nowhere(pipeline: InMemoryPipeline) -> None:
    """Twelve sheets on one declaration with invented tax codes: no opinion, no complaint, no alert."""
    pipeline.take(STATUS, [REGISTERED])
    pipeline.take(RATING, [sheet(f"s{n}", f"01001001{n:02d}") for n in range(12)])
    assert set(standings(pipeline).values()) == {"FOREIGN"}
    assert counted(pipeline) == (0, 0, [])
    assert records_of(pipeline.last, Topic.ALERT) == []


def test_a_declaration_that_never_was_opens_no_complaint(pipeline: InMemoryPipeline) -> None:
    """A sheet whose declaration stays unknown counts nowhere, whether or not it names an enterprise."""
    pipeline.take(RATING, [sheet("named", OWN), sheet("silent", None)])
    assert standings(pipeline) == {"named": "UNVERIFIED", "silent": "UNVERIFIED"}
    assert counted(pipeline) == (0, 0, [])


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_a_late_status_makes_a_sheet_count(pipeline: InMemoryPipeline, order: tuple[int, ...]) -> None:
    """A status without an enterprise, one of another, then one that names it: it counts in the end, in any order."""
    arrivals = (
        (RATING, sheet("s", UNIT)),
        (STATUS, status("e1", "REGISTERED", T0, tax_code=None)),
        (STATUS, status("e2", "CHANNEL_ASSIGNED", T0 + MINUTE, tax_code=OTHER)),
        (STATUS, status("e3", "AMENDED_BY_DECLARANT", T0 + 2 * MINUTE, tax_code=OWN)),
    )
    for topic, record in (arrivals[place] for place in order):
        pipeline.take(topic, [record])
    assert standings(pipeline) == {"s": "VERIFIED"}
    assert counted(pipeline) == (1, 1, ["OPENED"])


def test_standing_rises_with_each_status(pipeline: InMemoryPipeline) -> None:
    """Unverified while no status names an enterprise, foreign when one names another, verified for good after that."""
    pipeline.take(RATING, [sheet("s", OWN)])
    seen = [standings(pipeline)["s"]]
    for number, named in enumerate((None, OTHER, OWN, OTHER)):
        event = status(f"e{number}", "REGISTERED", T0 + number * MINUTE, tax_code=named)
        pipeline.take(STATUS, [event])
        seen.append(standings(pipeline)["s"])
    assert seen == ["UNVERIFIED", "UNVERIFIED", "FOREIGN", "VERIFIED", "VERIFIED"]
    assert counted(pipeline)[2] == ["OPENED"]


@pytest.mark.parametrize("first", [0, 1])
def test_a_revision_of_another_withdraws_the_complaint(pipeline: InMemoryPipeline, first: int) -> None:
    """When the latest revision names another enterprise, the sheet counts no more, whichever revision comes first."""
    revisions = [sheet("s", OWN), sheet("s", OTHER, 2)]
    pipeline.take(STATUS, [REGISTERED])
    for record in (revisions[first], revisions[1 - first]):
        pipeline.take(RATING, [record])
    assert standings(pipeline) == {"s": "FOREIGN"}
    assert counted(pipeline) == (0, 0, ["WITHDRAWN"])


def test_a_later_revision_of_a_foreign_sheet_leaves_no_complaint(pipeline: InMemoryPipeline) -> None:
    """A sheet that never counted has no complaint, not even a withdrawn one, however often it is revised."""
    pipeline.take(STATUS, [REGISTERED])
    pipeline.take(RATING, [sheet("s", OTHER), sheet("s", OTHER, 2)])
    assert standings(pipeline) == {"s": "FOREIGN"}
    assert counted(pipeline) == (0, 0, [])


@pytest.mark.parametrize("counts", [True, False])
def test_the_setting_decides_about_sheets_that_name_nobody(counts: bool) -> None:
    """A sheet without a tax code is UNSTATED; whether it counts is the operator's."""
    state = JoinStage(JoinPolicy(count_unstated=counts), join_context()).new_state(0)
    state.absorb(batch(STATUS, [REGISTERED]))
    (output,) = state.absorb(batch(RATING, [sheet("s", None)])).outputs
    fact: Any = output.record
    assert (fact.standing, fact.counts, any(fact.score_since)) == ("UNSTATED", counts, counts)


def test_an_enterprise_is_the_first_ten_digits() -> None:
    """A dependent unit belongs to its enterprise, with or without a hyphen; a personal id is its own."""
    assert [enterprise_of(code) for code in (OWN, UNIT, "0200100100001", "036099001234", "x")] == [
        *(OWN, OWN, OWN),
        *("036099001234", "x"),
    ]
