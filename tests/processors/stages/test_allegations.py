"""Comments that may allege payment or harassment come first; their texts go no further than the join."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from support.comparison import records_of
from support.events import WRITTEN_AT, at, batch, item, rating, status
from support.in_memory import Restart, in_memory_pipeline
from support.reference import join_context

from processors.domain.join.allegations import AllegationFinder
from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from schemas.topics import Topic

STATUS, RATING = Topic.DECLARATION_STATUS, Topic.RATING
T0 = at("2020-05-11 08:00")
OWN = "0200100100"
REGISTERED = status("e1", "REGISTERED", T0, tax_code=OWN)


def sheet(revision: int, score: int, comment: str | None) -> Any:
    """A revision of a sheet, sent so many hours after the registration."""
    return rating("s", revision, T0 + revision * 3_600_000, item(score=score), tax_code=OWN, comment=comment)


def ended(*arrivals: tuple[Topic, Any]) -> tuple[Any, list[Any]]:
    """The fact and the complaints after these arrivals, with a restart after each."""
    with in_memory_pipeline() as pipeline:
        for topic, record in arrivals:
            pipeline.take(topic, [record])
            pipeline.restart(Restart.SNAPSHOT)
        pipeline.advance(WRITTEN_AT)
        (fact,) = records_of(pipeline.last, Topic.RATED_SERVICE)
        return fact, records_of(pipeline.last, Topic.COMPLAINT)


@pytest.mark.parametrize("score", [1, 2, 3, 4, 5])
def test_an_allegation_is_known_at_any_score(score: int) -> None:
    """The fact says which kinds, and the complaint or the remark is urgent for it."""
    fact, complaints = ended((STATUS, REGISTERED), (RATING, sheet(1, score, "vòi vĩnh, hạch sách")))
    assert fact.allegations == ("PAYMENT", "HARASSMENT")
    (said,) = complaints
    track = "FEEDBACK" if score <= 2 else "REMARK"
    assert (said.case_track, said.priority, said.priority_reasons[0]) == (track, "HIGH", "ALLEGATION")


def test_a_remark_that_alleges_nothing_any_more_is_not_urgent() -> None:
    """A revision without the words leaves an ordinary remark; one without a comment, a withdrawn one."""
    first = (RATING, sheet(1, 5, "phong bì"))
    for comment, state in (("tốt", "OPENED"), (None, "WITHDRAWN")):
        _fact, (remark,) = ended((STATUS, REGISTERED), first, (RATING, sheet(2, 5, comment)))
        assert (remark.state, remark.priority, remark.priority_reasons) == (state, "NORMAL", ())


def test_a_comment_without_an_allegation_is_not_urgent_for_it() -> None:
    """A low score with other words is as it was."""
    fact, (complaint,) = ended((STATUS, REGISTERED), (RATING, sheet(1, 2, "không gây khó dễ, nhưng chậm")))
    assert (fact.allegations, complaint.priority, complaint.priority_reasons) == ((), "NORMAL", ())


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_latest_comment_decides_in_any_order(order: tuple[int, ...]) -> None:
    """A revision without the words takes them back, whichever comes first, as it takes back a score."""
    arrivals = [(STATUS, REGISTERED), (RATING, sheet(1, 2, "phong bì")), (RATING, sheet(2, 2, "đã giải quyết"))]
    fact, (complaint,) = ended(*(arrivals[place] for place in order))
    assert (fact.allegations, complaint.priority) == ((), "NORMAL")
    arrivals[2] = (RATING, sheet(2, 2, "phải đưa tiền"))
    fact, (complaint,) = ended(*(arrivals[place] for place in order))
    assert (fact.allegations, complaint.priority) == (("PAYMENT",), "HIGH")


def test_the_text_goes_no_further() -> None:
    """Neither facts nor complaints hold a word of the comment, nor does the join's snapshot."""
    state: Any = JoinStage(JoinPolicy(), join_context()).new_state(0)
    state.absorb(batch(STATUS, [REGISTERED]))
    outputs = state.absorb(batch(RATING, [sheet(1, 1, "phong bì của ông Canary")])).outputs
    assert "Canary" not in repr([one.record for one in outputs])
    assert all(b"Canary" not in array.tobytes() for array in state.snapshot().values())


def test_a_snapshot_of_other_words_is_not_used() -> None:
    """Which words were looked for is part of the format: comments are not kept, so they must be read again."""
    known = join_context()
    other = replace(known, words=AllegationFinder(()))
    formats = {JoinStage(JoinPolicy(), context).snapshot_format for context in (known, join_context(), other)}
    assert len(formats) == 2
