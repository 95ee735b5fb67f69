"""The rule by which benchmarks judge the facts of long histories."""

from __future__ import annotations

from collections.abc import Iterable

from support.events import WRITTEN_AT

from benchmarks.long_history import BulkHistory, FactCheck
from processors.domain.join.policy import JoinPolicy
from processors.stages.join import JoinStage
from processors.stages.reference_policies import reference_context
from schemas.batches.batch import RawBatch
from schemas.topics import Topic

HISTORY = BulkHistory(declarations=400, months=2)


def judged(statuses: Iterable[tuple[bytes, bytes]], ratings: Iterable[tuple[bytes, bytes]]) -> FactCheck:
    """The facts of statuses, and then of ratings, as the rule judges them."""
    state, check = JoinStage(JoinPolicy(), reference_context()).new_state(0), FactCheck(HISTORY)
    for topic, encoded in ((Topic.DECLARATION_STATUS, statuses), (Topic.RATING, ratings)):
        keys, values = zip(*encoded, strict=True)
        absorbed = state.absorb(RawBatch(topic, 0, range(len(keys)), [WRITTEN_AT] * len(keys), keys, values))
        assert not absorbed.rejects
        for output in [*absorbed.outputs, *state.advance(WRITTEN_AT)]:
            check.add(output.record.to_avro())
    return check


def test_the_facts_of_a_whole_history_are_right() -> None:
    """A history of two months joins, and the rule finds nothing wrong."""
    check = judged(HISTORY.encoded_statuses(), HISTORY.encoded_ratings())
    assert (check.facts, check.wrong, check.unmatched) == (400, 0, set())


def test_a_fact_without_its_statuses_or_with_fewer_is_wrong() -> None:
    """The rule sees a declaration that was forgotten, a status that was lost, and a rating that was."""
    statuses = [
        one
        for number, one in enumerate(HISTORY.encoded_statuses())
        if one[0] != b"10000000007" and number != 9 * len(HISTORY.life) + 1
    ]
    ratings = [one for one in HISTORY.encoded_ratings() if one[0] != b"10000000011"]
    check = judged(statuses, ratings)
    assert (check.facts, check.wrong, check.unmatched) == (399, 3, {7})
    assert check.examples() == [7, 9, 11]
