"""Effective opinions: each enterprise counts at an office a few times a week, in praise and in blame alike."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from processors.domain.panes import PANE_MS
from processors.domain.spikes.effective_opinions import EffectiveOpinions
from processors.domain.spikes.office_series import OfficeSeries
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from schemas.records.facts import OfficeCount

MOST = SpikePolicy().enterprise_most
START = 1_577_836_800_000  # Wednesday, 1 January 2020
FRIENDS, ANGRY = ("0200000001", "0200000002"), "0200000003"


def pane(
    start: int, satisfied: tuple[str, ...] = (), dissatisfied: tuple[str, ...] = (), version: int = 1
) -> OfficeCount:
    """One opinion of each enterprise."""
    number = len(satisfied) + len(dissatisfied)
    return OfficeCount("03CC", start, version, number, len(dissatisfied), dissatisfied, {}, {}, (), satisfied)


def series_of(*counts: OfficeCount) -> OfficeSeries:
    """The counts in the order in which they came."""
    series = OfficeSeries(MOST)
    for one in counts:
        series.add(one)
    return series


def test_two_friends_that_rate_all_day_count_twice_each() -> None:
    """A hundred fives of two enterprises in a day are four effective opinions, whatever others say."""
    day = [pane(START + n * PANE_MS, satisfied=(FRIENDS[n % 2],)) for n in range(100)]
    series = series_of(*day, pane(START + 100 * PANE_MS, ("0200000009",)))
    assert series.totals(START, START + DAY_MS) == (101, 0)
    assert series.effective(START, START + DAY_MS) == (2 * MOST + 1, 0)


def test_anger_counts_no_more_than_praise() -> None:
    """Of an enterprise that was dissatisfied thirty times and satisfied thirty times, as many of each count."""
    series = series_of(*(pane(START + n * PANE_MS, (ANGRY,), (ANGRY,)) for n in range(30)))
    assert series.effective(START, START + DAY_MS) == (2 * MOST, MOST)


def test_the_count_begins_anew_on_monday_in_viet_nam() -> None:
    """Monday begins at 17:00 UTC on Sunday, 5 January 2020."""
    monday = int(datetime(2020, 1, 5, 17, tzinfo=UTC).timestamp() * 1000)
    before = [pane(monday - (1 + n) * PANE_MS, dissatisfied=(ANGRY,)) for n in range(5)]
    after = [pane(monday + n * PANE_MS, dissatisfied=(ANGRY,)) for n in range(5)]
    series = series_of(*after, *before)
    assert series.effective(monday - DAY_MS, monday) == (MOST, MOST)
    assert series.effective(monday, monday + DAY_MS) == (MOST, MOST)


def test_counts_of_a_build_that_named_no_satisfied_enterprise_all_count() -> None:
    """Nobody can say whose they were."""
    old = [OfficeCount("03CC", START + n * PANE_MS, 1, 3, 1, (ANGRY,), {}, {}, ()) for n in range(4)]
    assert series_of(*old).effective(START, START + DAY_MS) == (4 * 2 + MOST, MOST)


firms = st.lists(st.sampled_from("abcd"), max_size=3).map(lambda one: tuple(sorted(set(one))))
arrivals = st.lists(
    st.tuples(st.integers(0, 80), firms, firms, st.booleans()).filter(lambda one: one[1] or one[2]), max_size=40
)


@given(arrivals, st.integers(0, 80), st.integers(0, 80))
def test_any_order_gives_what_a_walk_over_the_weeks_counts(
    coming: list[tuple[int, tuple[str, ...], tuple[str, ...], bool]], low: int, high: int
) -> None:
    """Panes of four weeks that come in any order, come again, or are asked about in between."""
    step = 8 * 3_600_000
    series = OfficeSeries(MOST)
    held: dict[int, OfficeCount] = {}
    for version, (place, satisfied, dissatisfied, ask) in enumerate(coming, 1):
        held[place] = one = pane(START + place * step, satisfied, dissatisfied, version)
        series.add(one)
        if ask:
            series.effective(START, START + 100 * step)
    counted = Counter[tuple[object, ...]]()
    expected = Counter[bool]()
    for place, one in sorted(held.items()):
        local = datetime.fromtimestamp(one.pane_start / 1000, UTC) + timedelta(hours=7)
        for is_low, codes in ((False, one.satisfied_enterprises), (True, one.enterprises)):
            for code in codes:
                key = (local.isocalendar()[:2], code, is_low)
                counted[key] += 1
                if counted[key] <= MOST and low <= place < high:
                    expected[is_low] += 1
    found = series.effective(START + low * step, START + (max(low, high) - 1) * step + PANE_MS)
    assert found == (expected.total(), expected[True])


def test_a_pane_that_is_removed_no_longer_counts() -> None:
    """Its enterprise may count again later in that week."""
    ends = [START + (n + 1) * PANE_MS for n in range(MOST + 1)]
    effective = EffectiveOpinions(MOST)
    for place in range(MOST + 1):
        effective.put(place, pane(START + place * PANE_MS, ("a",)), replaces=False)
    assert effective.between(0, bisect_right(ends, ends[-1]), ends) == (MOST, 0)
    effective.remove(0, ends[0])
    assert effective.between(0, MOST, ends[1:]) == (MOST, 0)
    assert effective.between(MOST - 1, MOST, ends[1:]) == (1, 0)
