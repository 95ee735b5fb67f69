"""The arrays of an office's counts say what the newest counts say, whatever came and in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from processors.domain.panes import PANE_MS
from processors.domain.spikes.checkpoints import Checkpoints
from processors.domain.spikes.detector_state import DetectorState
from processors.domain.spikes.office_series import OfficeSeries
from processors.domain.spikes.policy import DAY_MS
from schemas.records.facts import OfficeCount

scores = st.dictionaries(st.sampled_from(("TEAM:01", "TEAM:02", "STEP:X")), st.integers(0, 3))


@st.composite
def counts(draw: st.DrawFn) -> OfficeCount:
    """A count of one of a few panes."""
    opinions, low = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    given_scores = draw(scores)
    firms = tuple(f"firm{n}" for n in range(min(opinions, low)))
    pane, version = draw(st.integers(0, 9)) * PANE_MS, draw(st.integers(1, 4))
    drivers = dict.fromkeys(given_scores, 1) if firms else {}
    return OfficeCount("03CC", pane, version, opinions, len(firms), firms, drivers, given_scores, firms)


def newest(seen: Sequence[tuple[OfficeCount, bool]]) -> dict[int, tuple[OfficeCount, bool]]:
    """The count of each pane that a later one does not replace, and whether it is left out."""
    found: dict[int, tuple[OfficeCount, bool]] = {}
    for one, left_out in seen:
        if one.pane_start not in found or one.version > found[one.pane_start][0].version:
            found[one.pane_start] = one, left_out
    return found


@given(
    st.lists(st.tuples(counts(), st.booleans(), st.booleans()), max_size=30),
    st.integers(-1, 11),
    st.integers(-1, 11),
)
def test_sums_are_those_of_the_newest_counts(
    coming: list[tuple[OfficeCount, bool, bool]], after: int, until: int
) -> None:
    """In any interval, also when sums were asked for between the counts; versions add up to those of the newest."""
    series, versions = OfficeSeries(2), 0
    for one, left_out, ask in coming:
        grown, _visible = series.add(one, left_out=left_out)
        versions += grown
        if ask:
            series.totals(0, 5 * PANE_MS)
            series.scores(0, 5 * PANE_MS)
    known = newest([(one, left_out) for one, left_out, _ask in coming])
    assert versions == sum(one.version for one, _left_out in known.values())
    held = [one for _start, (one, left_out) in sorted(known.items()) if one.opinions and not left_out]
    low, high = after * PANE_MS, max(after, until) * PANE_MS
    within = [one for one in held if low < one.pane_start + PANE_MS <= high]
    assert series.totals(low, high) == (sum(one.opinions for one in within), sum(one.dissatisfied for one in within))
    assert list(series.ends(low, high)) == [one.pane_start + PANE_MS for one in within]
    dissatisfied = [one for one in within if one.dissatisfied]
    assert [(pane.pane_start, pane.enterprises) for pane in series.dissatisfied(low, high)] == [
        (one.pane_start, one.enterprises) for one in dissatisfied
    ]
    total = Counter[str]()
    for one in within:
        total.update(one.scores)
    assert series.scores(low, high) == total
    assert list(series.scores_of("TEAM:01", low, high)) == [
        (one.pane_start + PANE_MS, one.scores["TEAM:01"]) for one in within if "TEAM:01" in one.scores
    ]
    assert series.first_start == (held[0].pane_start if held else None)
    assert series.last_end == (held[-1].pane_start + PANE_MS if held else None)
    assert list(series.days(low)) == ([0] if any(one.pane_start + PANE_MS > low for one in held) else [])


@given(st.lists(counts(), min_size=1, max_size=12))
def test_a_known_count_is_nothing_new(coming: list[OfficeCount]) -> None:
    """A count that comes again, or an older one, changes nothing that a test can see."""
    series = OfficeSeries(2)
    for one in coming:
        series.add(one)
    for one in coming:
        assert series.add(one) == (0, False)
        assert series.add(replace(one, version=0, opinions=9)) == (0, False)


def test_checkpoints_of_years_are_few() -> None:
    """Each recent day has one, each month before has one, and going back finds the newest that knows nothing later."""
    kept = Checkpoints()
    for day in range(800):
        kept.add_day(DetectorState(time=day * DAY_MS - 1, day=day * DAY_MS))
    sparse = list[int]()
    for day in range(799, -1, -1):
        time = kept.state_before(day * DAY_MS).time
        assert time < day * DAY_MS
        assert day * DAY_MS - time <= (DAY_MS + 1 if day > 775 else 31 * DAY_MS) or day < 31
        sparse.append(time)
    assert len(set(sparse)) <= 60
