"""The scenario at full scale meets the published figures and looks like Hai Phong."""

from collections import defaultdict
from datetime import date

import numpy as np
import pytest

from producers.simulator import Haiphong2020
from producers.simulator.office_profiles import OFFICE_CODES
from producers.simulator.planned_sheets import SPIKE_FROM_MS
from producers.simulator.status_events import NEVER, Slot
from producers.simulator.working_time import END_MS, MAY_6_END_MS, START_MS, VERSION_2_MS, WorkingClock, local_ms
from schemas.records.events import Target

HOUR = 3_600_000


def registered(scenario: Haiphong2020) -> tuple[np.ndarray, np.ndarray]:
    """Declaration and time of every registration event."""
    rows = scenario.events.slot == Slot.REGISTERED
    return scenario.events.declaration[rows], scenario.events.occurred_at[rows]


@pytest.mark.parametrize("seed", [2020, 1])
def test_published_figures_are_met_exactly(seed: int) -> None:
    """151,617 declarations and 4,988 rated ones by 6 May, more than 8,000 opinions with 98.3 % satisfied.

    An opinion is all that is said by one declaration; a sheet whose declaration is not known is none.
    """
    scenario = Haiphong2020(seed)
    declarations, moments = registered(scenario)
    early = set(scenario.declarations.number[declarations[moments < MAY_6_END_MS]].tolist())
    first = [revisions[0] for revisions in scenario.sheets]
    rated = {int(sheet.declaration_no[:11]) for sheet in first if sheet.submitted_at < MAY_6_END_MS}
    numbers = set(scenario.declarations.number.tolist())
    opinions: dict[str, list[int]] = defaultdict(list)
    for *_, sheet in scenario.sheets:
        if int(sheet.declaration_no[:11]) in numbers:
            opinions[sheet.declaration_no[:11]] += [item.score for item in sheet.items]
    lowest = [min(scores) for scores in opinions.values()]

    assert len(early) == 151_617
    assert len(rated & early) == len(rated) == 4_988
    assert round(100 * 4_988 / 151_617, 2) == 3.29
    assert len(lowest) > 8_000
    assert round(100 * sum(level >= 4 for level in lowest) / len(lowest), 1) == 98.3

    truth = scenario.ground_truth
    assert truth.declarations_until_2020_05_06 == 151_617
    assert truth.rated_until_2020_05_06 == 4_988
    assert (truth.opinions, truth.satisfied_percent) == (len(lowest), 98.3)


def test_numbers_are_unique_and_all_events_lie_in_the_57_days(haiphong: Haiphong2020) -> None:
    """No two declarations share their 11 digits, imports begin with 10 and exports with 30."""
    numbers = haiphong.declarations.number
    assert len(np.unique(numbers)) == len(numbers)
    assert set((numbers // 10**9).tolist()) == {10, 30}
    assert ((numbers // 10**9 == 30) == haiphong.declarations.export).all()
    assert haiphong.events.occurred_at.min() >= START_MS
    assert haiphong.events.occurred_at.max() < END_MS


def test_there_are_about_eight_events_a_declaration(haiphong: Haiphong2020) -> None:
    """There are 7.6 to 8.4 distinct status events a declaration, each slot at most once."""
    events = haiphong.events
    assert 7.6 <= len(events) / len(haiphong.declarations) <= 8.4
    identity = events.declaration.astype(np.int64) * 100 + events.slot
    assert len(np.unique(identity)) == len(events)


def test_offices_channels_and_weekends_are_realistic(haiphong: Haiphong2020) -> None:
    """Shares and channels are those of March 2022; few declarations are made on weekends and holidays."""
    declarations = haiphong.declarations
    share = np.bincount(declarations.office) / len(declarations)
    assert share[OFFICE_CODES.index("03NK")] == pytest.approx(0.244, abs=0.01)
    assert share[OFFICE_CODES.index("03CC")] == pytest.approx(0.026, abs=0.005)
    channels = np.bincount(declarations.channel)[1:] / len(declarations)
    assert channels == pytest.approx([0.653, 0.314, 0.033], abs=0.01)
    ports = np.isin(declarations.office, [OFFICE_CODES.index(code) for code in ("03CC", "03CE", "03EE", "03TG")])
    assert (declarations.channel[ports] == 2).mean() == pytest.approx(0.716, abs=0.02)
    day = (declarations.registered_at - START_MS) // (24 * HOUR)
    per_day = np.bincount(day)
    assert per_day[[1, 4, 29, 30]].max() < per_day[[0, 5, 28, 33]].min() / 5  # 2, 5, 30 April, 1 May


def test_activity_of_enterprises_has_a_heavy_tail(haiphong: Haiphong2020) -> None:
    """One enterprise in a hundred declares more than a fifth of everything."""
    counts = np.sort(np.bincount(haiphong.declarations.enterprise))[::-1]
    assert counts[: len(counts) // 100].sum() > 0.2 * counts.sum()
    assert (counts > 0).sum() > 5_000


def test_document_checks_mostly_keep_the_legal_limit(haiphong: Haiphong2020) -> None:
    """About nineteen of twenty checks take less than 2 working hours of documents, 8 of goods."""
    for first, last, limit in (
        (Slot.CHANNEL_ASSIGNED, Slot.DOCUMENTS_CHECKED, 2),
        (Slot.INSPECTION_REQUIRED, Slot.GOODS_INSPECTED, 8),
    ):
        started = moments(haiphong, first)
        ended = moments(haiphong, last)
        both = (started != NEVER) & (ended != NEVER)
        clock = WorkingClock()
        worked = clock.worked(ended[both]) - clock.worked(started[both])
        assert 0.9 < (worked <= limit * HOUR).mean() < 0.995
        assert (worked > 0).all()


def moments(scenario: Haiphong2020, slot: Slot) -> np.ndarray:
    """When each declaration entered a slot."""
    at = np.full(len(scenario.declarations), NEVER, dtype=np.int64)
    rows = scenario.events.slot == slot
    at[scenario.events.declaration[rows]] = scenario.events.occurred_at[rows]
    return at


def test_the_only_spike_is_the_planted_one(haiphong: Haiphong2020) -> None:
    """No office but 03EE ever has 3 dissatisfied sheets within 24 hours; 03EE has 12 from 12 enterprises, once."""
    low = defaultdict(list)
    for revisions in haiphong.sheets:
        moments = [r.submitted_at for r in revisions if min(item.score for item in r.items) <= 2]
        if moments:
            low[revisions[0].items[0].office].append((min(moments), revisions[0].tax_code))
    busiest = {}
    for office, entries in low.items():
        entries.sort()
        windows = [[e for e in entries if at <= e[0] < at + 24 * HOUR] for at, _tax in entries]
        busiest[office] = max(windows, key=len)
    spike = busiest.pop("03EE")
    planted = haiphong.ground_truth.planted_spike

    assert max(map(len, busiest.values())) < 3
    assert len(spike) == planted.sheets == 12
    assert len({tax for _at, tax in spike}) == planted.enterprises >= 8
    assert planted.office == "03EE"
    assert (spike[0][0], spike[-1][0]) == (planted.started_at, planted.ended_at)
    assert SPIKE_FROM_MS <= planted.started_at < planted.ended_at < planted.started_at + 24 * HOUR
    quiet = [at for at, _tax in low["03EE"] if not planted.started_at <= at <= planted.ended_at]
    assert all(abs(at - planted.started_at) > 48 * HOUR for at in quiet)


@pytest.mark.parametrize("seed", range(3, 6))
def test_no_office_drifts(seed: int) -> None:
    """Apart from the planted spike, no 40 consecutive sheets of an office hold more than 3 dissatisfied ones."""
    scenario = Haiphong2020(seed)
    by_office = defaultdict(list)
    for index, revisions in enumerate(scenario.sheets):
        if not scenario.planned_sheets.spike[index]:
            low = min(item.score for r in revisions for item in r.items) <= 2
            by_office[revisions[0].items[0].office].append(low)
    for lows in by_office.values():
        assert max(np.convolve(lows, np.ones(40), "valid")) <= 3


def test_planted_declarations_were_inspected_late_before_they_were_rated(haiphong: Haiphong2020) -> None:
    """Each sheet of the spike follows the clearance of a goods inspection at 03EE, team 01, beyond 8 working hours."""
    started, ended = moments(haiphong, Slot.INSPECTION_REQUIRED), moments(haiphong, Slot.GOODS_INSPECTED)
    spike = np.flatnonzero(haiphong.planned_sheets.spike)
    rows = haiphong.planned_sheets.declaration[spike]
    clock = WorkingClock()
    assert (haiphong.planned_sheets.submitted_at[spike] > haiphong.outcomes.permitted_at[rows]).all()
    assert (clock.worked(ended[rows]) - clock.worked(started[rows]) > 8 * HOUR).all()
    for index in spike:
        items = haiphong.sheets[index][-1].items
        assert {(item.target, item.target_id) for item in items} >= {("STEP", "GOODS_INSPECTION"), ("TEAM", "01")}
        assert {item.reason for item in items} == {"LATE_GOODS_INSPECTION"}


def test_version_two_features_begin_on_15_may(haiphong: Haiphong2020) -> None:
    """Sheets during clearance, many targets and comments appear only since version 2.0."""
    first = [revisions[0] for revisions in haiphong.sheets]
    latest = [revisions[-1] for revisions in haiphong.sheets]
    before = [sheet for sheet in latest if sheet.submitted_at < VERSION_2_MS]
    since = [sheet for sheet in first if sheet.submitted_at >= VERSION_2_MS]
    assert local_ms(date(2020, 5, 15)) == VERSION_2_MS
    assert {sheet.phase for sheet in before} == {"AFTER_CLEARANCE"}
    assert {sheet.phase for sheet in since} == {"AFTER_CLEARANCE", "DURING_CLEARANCE"}
    assert max(len(sheet.items) for sheet in before) <= 3
    assert max(len(sheet.items) for sheet in since) >= 5
    assert any(sum(item.target == Target.OFFICIAL for item in sheet.items) > 1 for sheet in since)
    assert not any(sheet.comment for sheet in before)
    assert any(sheet.comment for sheet in latest)


def test_every_kind_of_difficult_sheet_is_present(haiphong: Haiphong2020) -> None:
    """There are edited sheets, dropped targets, and sheets for cancelled and unknown declarations."""
    truth = haiphong.ground_truth
    assert {len(revisions) for revisions in haiphong.sheets} == {1, 2, 3}
    assert truth.superseded_items > 20
    assert truth.unmatched_sheets == 10
    known = haiphong.planned_sheets.declaration[haiphong.planned_sheets.declaration >= 0]
    assert (haiphong.outcomes.cancelled_at[known] != NEVER).sum() >= 14
    withdrawn = [
        r for r in haiphong.sheets if min(i.score for i in r[0].items) <= 2 < min(i.score for i in r[-1].items)
    ]
    assert withdrawn
