"""Tests of the limit alone: when it is exceeded, and that it cannot be evaded by starting again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dead_letters.limit import DeadLetterGuard, DeadLetterLimit
from schemas.errors import ConfigurationError, SystemFault
from schemas.topics import Topic

LIMIT = DeadLetterLimit(share=0.2, minimum=10, window=100)


class Letters:
    """Dead letters of one partition, as Kafka would keep them."""

    def __init__(self) -> None:
        self.offsets: set[int] = set()
        self.asked = 0

    def __call__(self, identity: str, partition: int, first: int, after: int) -> set[int]:
        """Those in a range."""
        assert (identity, partition) == ("log", 3)
        self.asked += 1
        return {offset for offset in self.offsets if first <= offset < after}


def drain(letters: Letters, poison: set[int], end: int, batch: int, start: int = 0) -> int:
    """A process from its start: the offset that it commits in the end."""
    guard = DeadLetterGuard("join", LIMIT, letters)
    for first in range(start, end, batch):
        offsets = range(first, min(end, first + batch))
        refused = dict.fromkeys(poison.intersection(offsets), "BAD_TIME: is bad")
        try:
            guard.check(Topic.RATING, "log", 3, offsets, refused)
        except SystemFault:
            return first
        letters.offsets |= set(refused)
    return end


@pytest.mark.parametrize("batch", [1, 3, 7, 50, 1000])
def test_a_poisoned_topic_is_not_drained_however_often_the_process_is_started(batch: int) -> None:
    """Whatever the size of its batches, each start stops at the same record, with fewer letters than the minimum."""
    letters, poison = Letters(), set(range(500, 5000))
    first = drain(letters, poison, 5000, batch)
    again = [drain(letters, poison, 5000, size, start=first) for size in (1, 5, 20, batch) * 5]
    assert first < 521
    assert max(again) < 521
    assert len(letters.offsets) <= LIMIT.share * LIMIT.window


def test_a_poisoned_beginning_stops_at_the_minimum() -> None:
    """A log that holds nothing but poison from its beginning costs fewer letters than the minimum."""
    letters = Letters()
    assert drain(letters, set(range(5000)), 5000, 1) == LIMIT.minimum - 1


@pytest.mark.parametrize("batch", [1, 10, 1000])
def test_a_few_poison_records_stop_nothing(batch: int) -> None:
    """One record in ten is refused, and everything is processed."""
    poison = set(range(0, 5000, 10))
    assert drain(Letters(), poison, 5000, batch) == 5000


def test_healthy_partitions_cost_no_question() -> None:
    """Without a refusal nobody asks what was refused before; with many, it is asked once."""
    letters = Letters()
    drain(letters, set(), 5000, 10)
    assert letters.asked == 0
    drain(letters, set(range(0, 5000, 10)), 5000, 10)
    assert letters.asked == 1


def test_records_that_are_read_again_count_once_at_a_time() -> None:
    """A batch that is repeated without end, as after rebalances, has the same verdict each time."""
    letters = Letters()
    guard = DeadLetterGuard("join", LIMIT, letters)
    for _time in range(50):
        guard.check(Topic.RATING, "log", 3, range(100), dict.fromkeys(range(0, 100, 10), "BAD_TIME: is bad"))
        letters.offsets |= set(range(0, 100, 10))
    assert letters.asked == 1


def test_a_partition_that_was_elsewhere_is_asked_about_again() -> None:
    """What another process refused in between is counted when the partition comes back."""
    letters = Letters()
    guard = DeadLetterGuard("join", LIMIT, letters)
    guard.check(Topic.RATING, "log", 3, range(100), {50: "BAD_TIME: is bad"})
    letters.offsets |= set(range(180, 199))
    with pytest.raises(SystemFault, match="refused 21 of the last 100 records of rating"):
        guard.check(Topic.RATING, "log", 3, range(200, 300), dict.fromkeys([200, 201], "BAD_TIME: is bad"))


def test_the_message_says_what_to_check() -> None:
    """The sentence names the place, the reason and what to look at."""
    guard = DeadLetterGuard("join", LIMIT, Letters())
    with pytest.raises(SystemFault) as caught:
        guard.check(Topic.RATING, "log", 3, range(1000), dict.fromkeys(range(1000), "BAD_TIME: is bad"))
    words = str(caught.value)
    assert all(
        word in words for word in ("join", "rating[3]", "schema", "producer", "BAD_TIME: is bad", "`hailong dlq list`")
    )


def test_a_share_of_one_is_never_exceeded() -> None:
    """With 1.0 everything may be refused."""
    guard = DeadLetterGuard("join", DeadLetterLimit(share=1.0, minimum=1, window=10), Letters())
    guard.check(Topic.RATING, "log", 3, range(1000), dict.fromkeys(range(1000), "BAD_TIME: is bad"))


def test_limits_that_cannot_work_are_refused_together() -> None:
    """Each wrong value has its sentence."""
    with pytest.raises(ConfigurationError) as caught:
        DeadLetterLimit(share=0, minimum=0, window=-1)
    assert len(caught.value.problems) == 3


@given(st.sets(st.integers(0, 400)), st.integers(1, 60), st.lists(st.integers(1, 60), max_size=8))
def test_the_verdict_does_not_depend_on_batches_or_restarts(poison: set[int], batch: int, others: list[int]) -> None:
    """However the log is cut and however often the process is started, what is set aside stays within the limit."""
    letters = Letters()
    reached = drain(letters, poison, 401, batch)
    for size in others:
        reached = drain(letters, poison, 401, size, start=reached)
    assert LIMIT.exceeded_at(sorted(letters.offsets), 0) is None
